"""A pod's plan: which files, which processes, with what environment."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubecapy.local.pods import (
    ImageTable,
    PlanError,
    PodPlace,
    PodSources,
    ServiceAccountFiles,
    components_images,
    plan_pod,
    references_of,
    repository_of,
)
from kubecapy.local.pods.mounts import rewrite
from kubecapy.local.pods.variables import expand

FOLDER = Path("/pods/u1")
CONFIG_ERROR = "CreateContainerConfigError"
PLACE = PodPlace(FOLDER, api_host="127.90.1.2", api_port=6443, pod_ip="127.90.1.130", host_ip="127.90.1.130")
IMAGES = ImageTable({"kubecapy/manager": ("/venv/bin/python", "-m", "kubecapy.daemons")})
SOURCES = PodSources(
    secrets={"cloud": {"clouds.yaml": b"clouds: {}", "name": b"openstack"}},
    config_maps={"settings": {"level": b"4"}},
    service_account=ServiceAccountFiles("tok.en", b"CA", "system"),
)


def pod(container: dict[str, Any] | None = None, volumes: list[Any] | None = None, **spec: Any) -> dict[str, Any]:
    first = {"name": "main", "image": "kubecapy/manager:0.1.0", **(container or {})}
    return {
        "metadata": {"name": "p-0", "namespace": "system", "uid": "u1", "labels": {"app": "x"}},
        "spec": {"nodeName": "n1", "containers": [first], "volumes": volumes or [], **spec},
    }


def test_the_components_image_runs_the_daemons_with_its_arguments() -> None:
    plan = plan_pod(pod({"args": ["manager", "--v=4"]}), SOURCES, PLACE, IMAGES)

    assert plan.containers[0].command == ("/venv/bin/python", "-m", "kubecapy.daemons", "manager", "--v=4")
    assert plan.containers[0].folder == FOLDER
    assert components_images("/venv/bin/python") == IMAGES


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (["kubecapy", "manager"], ("/venv/bin/python", "-m", "kubecapy.daemons", "manager", "a")),
        (["/usr/bin/kubecapy", "manager"], ("/venv/bin/python", "-m", "kubecapy.daemons", "manager", "a")),
    ],
)
def test_a_command_names_the_images_own_program(command: list[str], wanted: tuple[str]) -> None:
    plan = plan_pod(pod({"command": command, "args": ["a"]}), SOURCES, PLACE, IMAGES)

    assert plan.containers[0].command == wanted


@pytest.mark.parametrize("program", ["/bin/sh", "python3", "../kubecapy/sh"])
def test_no_program_of_the_machine_is_run_for_a_pod(program: str) -> None:
    with pytest.raises(PlanError, match=f'command "{program}" is not in the simulated image; name kubecapy'):
        plan_pod(pod({"command": [program, "-c", "id"]}), SOURCES, PLACE, IMAGES)


def test_an_image_that_nobody_knows_is_not_run() -> None:
    plan = plan_pod(pod({"image": "docker.io/library/nginx:1", "command": ["/bin/sh"]}), SOURCES, PLACE, IMAGES)

    assert plan.containers[0].command == ()


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("kubecapy/manager", "kubecapy/manager"),
        ("kubecapy/manager:v1", "kubecapy/manager"),
        ("registry:5000/a/b:v1@sha256:00", "registry:5000/a/b"),
        ("registry:5000/a", "registry:5000/a"),
    ],
)
def test_a_repository_is_an_image_without_tag_and_digest(image: str, repository: str) -> None:
    assert repository_of(image) == repository


def test_nothing_of_a_persons_environment_gets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/home/me/.kube/config")
    monkeypatch.setenv("OS_PASSWORD", "secret")

    environment = plan_pod(pod(), SOURCES, PLACE, IMAGES).containers[0].environment

    assert set(environment) == {
        "HOME", "HOSTNAME", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "KUBERNETES_SERVICE_PORT_HTTPS",
        "LANG", "NO_PROXY", "PATH", "PYTHONUNBUFFERED", "SERVICE_ACCOUNT_DIR", "TMPDIR", "no_proxy",
    }  # fmt: skip
    assert environment["KUBERNETES_SERVICE_HOST"] == "127.90.1.2"
    assert environment["KUBERNETES_SERVICE_PORT"] == "6443"
    assert environment["HOME"] == "/pods/u1/home"
    assert "127.0.0.0/8" in environment["NO_PROXY"]


def test_the_service_account_is_mounted_as_private_files() -> None:
    files = {file.path.name: file for file in plan_pod(pod(), SOURCES, PLACE, IMAGES).files}

    assert files["token"].content == b"tok.en"
    assert files["token"].mode == 0o600
    assert files["ca.crt"].content == b"CA"
    assert files["namespace"].content == b"system"


def test_variables_come_from_fields_secrets_config_maps_and_each_other() -> None:
    env = [
        {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
        {"name": "ACCOUNT", "valueFrom": {"fieldRef": {"fieldPath": "spec.serviceAccountName"}}},
        {"name": "OS_CLOUD", "valueFrom": {"secretKeyRef": {"name": "cloud", "key": "name"}}},
        {"name": "GONE", "valueFrom": {"secretKeyRef": {"name": "none", "key": "k", "optional": True}}},
        {"name": "BOTH", "value": "$(OS_CLOUD)/$(level) $(UNKNOWN) $$(OS_CLOUD)"},
    ]
    container = {"env": env, "envFrom": [{"configMapRef": {"name": "settings"}}], "args": ["--node=$(NODE_NAME)"]}

    plan = plan_pod(pod(container), SOURCES, PLACE, IMAGES).containers[0]

    own = {
        name: plan.environment[name] for name in ("NODE_NAME", "POD_IP", "APP", "ACCOUNT", "OS_CLOUD", "level", "BOTH")
    }
    assert own == {
        "NODE_NAME": "n1",
        "POD_IP": "127.90.1.130",
        "APP": "x",
        "ACCOUNT": "default",
        "OS_CLOUD": "openstack",
        "level": "4",
        "BOTH": "openstack/4 $(UNKNOWN) $(OS_CLOUD)",
    }
    assert "GONE" not in plan.environment
    assert plan.command[-1] == "--node=n1"


def test_mount_points_in_arguments_and_variables_become_the_volumes_folder() -> None:
    container = {
        "args": ["--config=/etc/openstack/clouds.yaml", "/etc/openstack", "/etc/openstacks", "x/etc/openstack"],
        "env": [{"name": "OS_CLIENT_CONFIG_FILE", "value": "/etc/openstack/clouds.yaml"}],
        "volumeMounts": [{"name": "cloud", "mountPath": "/etc/openstack"}],
    }
    volumes = [
        {"name": "cloud", "secret": {"secretName": "cloud", "items": [{"key": "clouds.yaml", "path": "clouds.yaml"}]}}
    ]

    plan = plan_pod(pod(container, volumes), SOURCES, PLACE, IMAGES)

    folder = "/pods/u1/volumes/cloud"
    assert plan.containers[0].command[3:] == (
        f"--config={folder}/clouds.yaml", folder, "/etc/openstacks", "x/etc/openstack",
    )  # fmt: skip
    assert plan.containers[0].environment["OS_CLIENT_CONFIG_FILE"] == f"{folder}/clouds.yaml"
    written = {str(file.path): (file.content, file.mode) for file in plan.files}
    assert written[f"{folder}/clouds.yaml"] == (b"clouds: {}", 0o600)


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        ("/a", "X"),
        ("/a/b", "Y"),
        ("/a/b/c", "Y/c"),
        ("/a/bc", "X/bc"),
        ("/ab", "/ab"),
        ("-f=/a:/a/b", "-f=X:Y"),
        ("./a", "./a"),
    ],
)
def test_the_longest_mount_point_wins_and_names_that_only_begin_alike_stay(text: str, rewritten: str) -> None:
    assert rewrite(text, {"/a": Path("X"), "/a/b": Path("Y")}) == rewritten


def test_volumes_of_all_known_kinds_are_planned() -> None:
    volumes = [
        {"name": "c", "configMap": {"name": "settings"}},
        {"name": "e", "emptyDir": {}},
        {"name": "d", "downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}},
        {
            "name": "p",
            "projected": {
                "sources": [
                    {"secret": {"name": "cloud", "items": [{"key": "name", "path": "sub/name"}]}},
                    {"serviceAccountToken": {"path": "token"}},
                ]
            },
        },
    ]

    plan = plan_pod(pod(volumes=volumes), SOURCES, PLACE, IMAGES)

    base = FOLDER / "volumes"
    written = {file.path: file.content for file in plan.files}
    assert written[base / "c" / "level"] == b"4"
    assert written[base / "d" / "name"] == b"p-0"
    assert written[base / "p" / "sub" / "name"] == b"openstack"
    assert written[base / "p" / "token"] == b"tok.en"
    assert base / "e" in plan.folders


def test_a_host_path_is_the_guests_own(tmp_path: Path) -> None:
    volumes = [{"name": "h", "hostPath": {"path": "/etc/../etc/ssl"}}]
    container = {"args": ["/certs/ca"], "volumeMounts": [{"name": "h", "mountPath": "/certs"}]}
    place = PodPlace(FOLDER, "h", 1, "i", "i", guest_root=tmp_path)

    plan = plan_pod(pod(container, volumes), SOURCES, place, IMAGES)

    assert plan.containers[0].command[-1] == f"{tmp_path}/etc/etc/ssl/ca"


@pytest.mark.parametrize(
    ("broken", "reason", "message"),
    [
        (pod(volumes=[{"name": "v", "secret": {"secretName": "x"}}]), CONFIG_ERROR, 'secret "x" not found'),
        (pod(volumes=[{"name": "v", "configMap": {"name": "x"}}]), CONFIG_ERROR, 'configmap "x" not found'),
        (
            pod(volumes=[{"name": "v", "secret": {"secretName": "cloud", "items": [{"key": "k", "path": "k"}]}}]),
            CONFIG_ERROR,
            "references non-existent secret key: k",
        ),
        (
            pod({"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "cloud", "key": "k"}}}]}),
            CONFIG_ERROR,
            "couldn't find key k in secret cloud",
        ),
        (
            pod({"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.phase"}}}]}),
            CONFIG_ERROR,
            "unsupported fieldPath: status.phase",
        ),
        (pod({"envFrom": [{"secretRef": {"name": "x"}}]}), CONFIG_ERROR, 'secret "x" not found'),
        (pod(volumes=[{"name": "v", "nfs": {}}]), "InvalidVolume", 'volume "v" of kind nfs is not simulated'),
        (pod(volumes=[{"name": "v", "hostPath": {"path": "/"}}]), "InvalidVolume", "there is no host"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(broken: dict[str, Any], reason: str, message: str) -> None:
    with pytest.raises(PlanError, match=message) as caught:
        plan_pod(broken, SOURCES, PLACE, IMAGES)

    assert caught.value.reason == reason


OUTSIDE = ("/home/me/.ssh/authorized_keys", "../../../../x", "a/../../x")


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize(
    "make",
    [
        lambda path: pod(volumes=[{"name": path, "emptyDir": {}}]),
        lambda path: pod(
            volumes=[{"name": "v", "secret": {"secretName": "cloud", "items": [{"key": "name", "path": path}]}}]
        ),
        lambda path: pod(
            volumes=[
                {"name": "v", "downwardAPI": {"items": [{"path": path, "fieldRef": {"fieldPath": "metadata.name"}}]}}
            ]
        ),
        lambda path: pod(volumes=[{"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": path}}]}}]),
        lambda path: pod({"volumeMounts": [{"name": "v", "mountPath": "/m", "subPath": path}]}),
    ],
    ids=["volume", "secret", "downwardAPI", "token", "subPath"],
)
def test_no_path_leads_out_of_its_volume(make: Callable[[str], dict[str, Any]], path: str) -> None:
    with pytest.raises(PlanError, match="leads out of its volume"):
        plan_pod(make(path), SOURCES, PLACE, IMAGES)


def test_a_key_leads_out_of_no_volume() -> None:
    sources = PodSources(secrets={"s": {"../../../x": b"content"}})

    with pytest.raises(PlanError, match="leads out of its volume"):
        plan_pod(pod(volumes=[{"name": "v", "secret": {"secretName": "s"}}]), sources, PLACE, IMAGES)


def test_references_are_found_wherever_they_stand() -> None:
    container = {
        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s1", "key": "k"}}}],
        "envFrom": [{"secretRef": {"name": "s2"}}, {"configMapRef": {"name": "c1"}}],
    }
    volumes = [
        {"name": "a", "secret": {"secretName": "s3"}},
        {"name": "b", "configMap": {"name": "c2"}},
        {"name": "c", "projected": {"sources": [{"secret": {"name": "s4"}}]}},
    ]

    assert references_of(pod(container, volumes)) == (["s1", "s2", "s3", "s4"], ["c1", "c2"])


def test_no_secret_shows_in_a_plans_form() -> None:
    env = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "cloud", "key": "clouds.yaml"}}}]

    shown = repr(plan_pod(pod({"env": env}), SOURCES, PLACE, IMAGES)) + repr(SOURCES)

    assert "clouds: {}" not in shown
    assert "tok.en" not in shown


def test_a_reference_with_two_dollars_is_a_literal() -> None:
    assert expand("$(A) $$(A) $A $$", {"A": "1"}) == "1 $(A) $A $$"
