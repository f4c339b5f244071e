import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.development_server import run_development_server

from kubecapy.apimachinery.codec import dump_yaml, load_yaml

MACHINE = """\
apiVersion: cluster.k8s.io/v1alpha1
kind: Machine
metadata: {name: NAME, labels: {set: node}}
spec: {providerSpec: {}}
"""


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory) -> Iterator[Path]:
    """A development server with the CRDs applied, as a person would run it."""
    with run_development_server(tmp_path_factory.mktemp("apiserver")) as path:
        yield path


@pytest.fixture
def on_server(clusterctl, kubeconfig: Path) -> Callable:
    return lambda *words: clusterctl(*words, "--kubeconfig", kubeconfig)


@pytest.fixture
def machine(on_server, tmp_path: Path, request) -> Iterator[str]:
    """Name of a Machine that is there for one test."""
    name = f"m-{abs(hash(request.node.name)) % 100000}"
    path = tmp_path / "machine.yaml"
    path.write_text(MACHINE.replace("NAME", name))
    assert on_server("apply", "-f", path).out == f"machine.cluster.k8s.io/{name} created\n"
    yield name
    on_server("delete", "machine", name, "--ignore-not-found")


def test_a_table_has_the_servers_columns(on_server, machine) -> None:
    outcome = on_server("get", "machines")

    assert re.fullmatch(rf"NAME\s+PHASE\s+AGE\n{machine}\s+\S*\s*\d+s\n", outcome.out)


def test_wide_output_has_more_columns(on_server, machine) -> None:
    header = on_server("get", "ma", "-o", "wide").out.splitlines()[0].split()

    assert {"NODE", "PROVIDERID", "VERSION"} <= set(header)


def test_all_namespaces_come_with_their_names(on_server, machine) -> None:
    assert re.fullmatch(rf"NAMESPACE\s+NAME.*\ndefault\s+{machine}.*\n", on_server("get", "machines", "-A").out)


@pytest.mark.parametrize("form", ["apart", "joined"])
def test_one_object_is_shown_as_yaml(on_server, machine, form) -> None:
    words = ("machine", machine) if form == "apart" else (f"machine/{machine}",)

    (shown,) = load_yaml(on_server("get", *words, "-o", "yaml").out)

    assert (shown["kind"], shown["metadata"]["name"]) == ("Machine", machine)


def test_a_list_is_shown_as_json_with_the_kind_of_each_entry(on_server, machine) -> None:
    shown = json.loads(on_server("get", "machines", "-o", "json").out)

    assert shown["kind"] == "List"
    assert [item["kind"] for item in shown["items"]] == ["Machine"]


def test_names_are_qualified(on_server, machine) -> None:
    assert on_server("get", "machines,namespaces", "-o", "name").out.startswith(f"machine.cluster.k8s.io/{machine}\n")


def test_labels_select(on_server, machine) -> None:
    assert machine in on_server("get", "machines", "-l", "set=node").out
    assert on_server("get", "machines", "-l", "set=master").err == "No resources found in default namespace.\n"


def test_an_object_that_is_not_there_is_named(on_server) -> None:
    outcome = on_server("get", "machine", "absent")

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == ('Error: the API server answered NotFound: machines.cluster.k8s.io "absent" not found\n')


def test_a_kind_that_is_not_there_is_named(on_server) -> None:
    assert on_server("get", "gadgets").err == 'Error: the server doesn\'t have a resource type "gadgets"\n'


def test_a_second_apply_says_unchanged_and_a_changed_one_configured(on_server, machine, tmp_path) -> None:
    path = tmp_path / "machine.yaml"
    unchanged = on_server("apply", "-f", path)
    path.write_text(path.read_text().replace("set: node", "set: other"))

    configured = on_server("apply", "-f", path)

    assert unchanged.out == f"machine.cluster.k8s.io/{machine} unchanged\n"
    assert configured.out == f"machine.cluster.k8s.io/{machine} configured\n"
    assert machine in on_server("get", "machines", "-l", "set=other").out


def test_a_refused_object_says_which_field_is_wrong(on_server, tmp_path) -> None:
    path = tmp_path / "machine.yaml"
    path.write_text(MACHINE.replace("NAME", "bad").replace("spec: {providerSpec: {}}", "spec: {providerSpec: 1}"))

    outcome = on_server("apply", "-f", path)

    assert outcome.code == 1
    assert "answered Invalid" in outcome.err
    assert "spec.providerSpec" in outcome.err


def test_delete_by_name_file_and_label(on_server, machine, tmp_path) -> None:
    path = tmp_path / "machine.yaml"
    line = f'machine.cluster.k8s.io "{machine}" deleted\n'

    assert on_server("delete", "machine", machine).out == line
    on_server("apply", "-f", path)
    assert on_server("delete", "-f", path).out == line
    on_server("apply", "-f", path)
    assert on_server("delete", "machines", "-l", "set=node").out == line
    assert on_server("get", "machines", "-o", "name").out == ""


def test_delete_of_nothing_is_an_error_unless_ignored(on_server) -> None:
    assert on_server("delete", "machine", "absent").code == 1
    assert on_server("delete", "machine", "absent", "--ignore-not-found").code == 0


def test_delete_of_a_kind_needs_a_name(on_server) -> None:
    assert "which machines? Expected a name or a selector" in on_server("delete", "machines").err


def test_changes_are_shown_as_they_come(on_server, kubeconfig, machine) -> None:
    command = ["clusterctl", "get", "machines", "-w", "--kubeconfig", str(kubeconfig)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        assert watching.stdout.readline().startswith("NAME")
        assert watching.stdout.readline().startswith(machine)
        subprocess.run([*_patch_phase(kubeconfig, machine)], check=True, capture_output=True)
        line = watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        assert (watching.wait(5), watching.stderr.read()) == (130, "")

    assert re.match(rf"{machine}\s+Running\s+", line)


def _patch_phase(kubeconfig: Path, machine: str) -> list[str]:
    """The phase is status: only a subresource changes it, which clusterctl's verbs do not offer."""
    code = (
        "import asyncio, sys\n"
        "from kubecapy.apimachinery.meta import ObjectKey\n"
        "from kubecapy.client import kubeconfig\n"
        "from kubecapy.client.http import HttpClient\n"
        "from kubecapy.clock import SystemClock\n"
        "from kubecapy.clusterctl.objects.raw_resources import RAW_MACHINES\n"
        "async def main():\n"
        "    async with HttpClient(kubeconfig.load(sys.argv[1]), SystemClock()) as client:\n"
        "        status = {'status': {'phase': 'Running'}}\n"
        "        key = ObjectKey('default', sys.argv[2])\n"
        "        await client.patch(RAW_MACHINES, key, status, subresource='status')\n"
        "asyncio.run(main())\n"
    )
    return [sys.executable, "-c", code, str(kubeconfig), machine]


def test_the_log_of_a_pod_that_waits_for_a_node_is_empty(on_server, tmp_path) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    path = tmp_path / "pod.yaml"
    path.write_text(dump_yaml(pod))
    on_server("apply", "-f", path)

    outcome = on_server("logs", "-f", "p")

    assert (outcome.code, outcome.out) == (0, "")


def test_the_log_of_a_pod_that_is_not_there_is_an_error(on_server) -> None:
    outcome = on_server("logs", "absent")

    assert (outcome.code, outcome.err) == (1, 'Error: the API server answered NotFound: pods "absent" not found\n')


def test_an_unreachable_server_is_one_sentence(clusterctl, kubeconfig, tmp_path) -> None:
    elsewhere = tmp_path / "kubeconfig"
    (config,) = load_yaml(kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    elsewhere.write_text(dump_yaml(config))

    outcome = clusterctl("get", "machines", "--kubeconfig", elsewhere)

    assert outcome.code == 1
    assert outcome.err.startswith("Error: ")
    assert "https://127.0.0.1:9" in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_no_kubeconfig_at_all_is_one_sentence(clusterctl) -> None:
    assert clusterctl("get", "machines").err == "Error: no cluster is named: give --kubeconfig or set KUBECONFIG\n"
