from pathlib import Path

import pytest
from tests.clusterctl.puppets import components, write_files
from tests.clusterctl.scripted_provider import install


@pytest.fixture
def create(clusterctl, tmp_path: Path, monkeypatch):
    """Runs create cluster on the files of the folder, with the scripted provider installed."""
    install(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    write_files(tmp_path, components())

    def call(*flags: str):
        files = [f"--{flag}={tmp_path / name}.yaml" for flag, name in FILES.items()]
        return clusterctl("create", "cluster", *files, "--provider=scripted", *flags)

    return call


FILES = {"cluster": "cluster", "machines": "machines", "provider-components": "components"}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def refuse_traces(invocation) -> None:
    assert list(invocation.home.iterdir()) == []


def test_an_unknown_field_is_named_with_file_and_line(create, tmp_path, invocation) -> None:
    edit(tmp_path / "machines.yaml", "versions: {kubelet: 1.14.0}", "version: {kubelet: 1.14.0}")

    outcome = create()

    assert outcome.code == 1
    assert (
        outcome.err
        == f'Error: {tmp_path}/machines.yaml:13: spec.version: unknown field "version", did you mean "versions"?\n'
    )
    refuse_traces(invocation)


def test_a_field_of_another_type_is_named(create, tmp_path, invocation) -> None:
    edit(tmp_path / "cluster.yaml", "serviceDomain: cluster.local", "serviceDomain: 7")

    outcome = create()

    assert outcome.code == 1
    assert "cluster.yaml:8: spec.clusterNetwork.serviceDomain: " in outcome.err
    assert "must be of type string" in outcome.err
    refuse_traces(invocation)


def test_a_field_that_the_provider_does_not_know_is_named(create, tmp_path, invocation) -> None:
    edit(tmp_path / "machines.yaml", "value: {kind: Scripted}", "value: {kind: Scripted, wrong: 1}")

    outcome = create()

    assert outcome.code == 1
    assert outcome.err == (
        f'Error: {tmp_path}/machines.yaml:12: spec.providerSpec.value.wrong: unknown field "wrong" of a Machine\n'
    )
    refuse_traces(invocation)


def test_what_the_cloud_lacks_is_told_before_anything_is_made(create, tmp_path, invocation) -> None:
    write_files(tmp_path, components(CLOUD_LACKS='image "Ubuntu" is not in the cloud'))

    outcome = create()

    assert (outcome.code, outcome.err) == (1, 'Error: image "Ubuntu" is not in the cloud\n')
    refuse_traces(invocation)


def test_a_refusal_of_the_cloud_is_told(create, tmp_path, invocation) -> None:
    write_files(tmp_path, components(CLOUD_REFUSES="https://cloud.example:5000 refuses the password of user me"))

    outcome = create()

    assert (outcome.code, outcome.err) == (1, "Error: https://cloud.example:5000 refuses the password of user me\n")
    refuse_traces(invocation)


def test_another_provider_than_the_components_run_is_refused(create, invocation) -> None:
    outcome = create("--provider=openstack")

    assert outcome.code == 1
    assert 'the provider components run provider "scripted", but --provider is "openstack"' in outcome.err
    refuse_traces(invocation)


def test_a_provider_that_is_not_installed_is_refused(create, invocation) -> None:
    outcome = create("--provider=azure")

    assert outcome.code == 1
    assert 'provider "azure" is not installed; installed providers: ' in outcome.err
    refuse_traces(invocation)


def test_components_without_a_secret_that_their_deployment_mounts_are_refused(create, tmp_path, invocation) -> None:
    objects = components()
    deployment = next(obj for obj in objects if obj["kind"] == "Deployment")
    deployment["spec"]["template"]["spec"]["volumes"] = [{"name": "config", "secret": {"secretName": "absent"}}]
    write_files(tmp_path, objects)

    outcome = create()

    assert outcome.code == 1
    assert 'Deployment provider-system/controllers of the provider components: secret "absent" not found' in outcome.err
    refuse_traces(invocation)


def test_components_that_run_no_provider_are_refused(create, tmp_path, invocation) -> None:
    write_files(tmp_path, [obj for obj in components() if obj["kind"] != "Deployment"])

    outcome = create()

    assert outcome.code == 1
    assert "no Deployment of the provider components runs a provider" in outcome.err
    refuse_traces(invocation)
