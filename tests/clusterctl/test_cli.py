import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
HELPS = {
    "clusterctl": (),
    "create": ("create",),
    "create-cluster": ("create", "cluster", "--help"),
    "delete": ("delete",),
    "delete-cluster": ("delete", "cluster", "--help"),
    "delete-objects": ("delete", "machine", "--help"),
    "generate-yaml": ("generate-yaml", "--help"),
    "get": ("get", "--help"),
    "apply": ("apply", "--help"),
    "validate": ("validate", "--help"),
    "logs": ("logs", "--help"),
}


@pytest.mark.parametrize("name", HELPS)
def test_help_is_as_recorded_and_no_failure(clusterctl, name: str) -> None:
    outcome = clusterctl(*HELPS[name])

    assert outcome.code == 0
    assert outcome.err == ""
    assert outcome.out == (GOLDEN / f"{name}.txt").read_text()


@pytest.mark.parametrize(
    "flags",
    [("--v", "4"), ("--v=4",), ("-v", "4"), ("-v4",)],
    ids=["apart", "equals", "short", "joined"],
)
def test_verbosity_is_read_in_every_spelling(clusterctl, flags) -> None:
    assert clusterctl("version", *flags).code == 0

    assert logging.getLogger("kubecapy").getEffectiveLevel() == logging.INFO - 4


def test_verbosity_counts_before_the_command_too(clusterctl) -> None:
    assert clusterctl("--v", "7", "version").code == 0

    assert logging.getLogger("kubecapy").getEffectiveLevel() == logging.INFO - 7


@pytest.mark.parametrize(("verbosity", "level"), [(3, logging.ERROR), (4, logging.WARNING)])
def test_warnings_of_libraries_are_shown_from_verbosity_4(clusterctl, verbosity: int, level: int) -> None:
    clusterctl("version", "--v", verbosity)

    assert logging.getLogger("some.library").getEffectiveLevel() == level


def test_underscores_and_dashes_mean_the_same_in_flag_names(clusterctl) -> None:
    outcome = clusterctl("create", "cluster", "--bootstrap_type", "kind", "--provider_components=p.yaml")

    assert outcome.code == 1
    assert '"provider-components"' not in outcome.err
    assert '"cluster", "machines", "provider" not set' in outcome.err


def test_log_flags_of_the_time_are_accepted(clusterctl) -> None:
    assert clusterctl("version", "--logtostderr", "--alsologtostderr", "--stderrthreshold=2", "--vmodule=x=3").code == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("create", "cluster"), 'required flag(s) "cluster", "machines", "provider", "provider-components" not set'),
        (("delete", "cluster"), "Please provide kubeconfig file for cluster to delete"),
        (("create", "cluster", "--bogus"), "No such option '--bogus'"),
        (("frobnicate",), 'unknown command "frobnicate" for "clusterctl"; it has: generate-yaml, create'),
        (("create", "machine"), 'unknown command "machine" for "clusterctl create"; it has: cluster'),
        (("version", "--v", "11"), "11 is not in the range 0<=x<=10"),
        (("apply",), "must specify -f"),
        (("delete", "-n", "default"), "must specify either a kind with names or -f"),
        (("get",), "no kind named"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_bad_usage_is_one_sentence_and_exit_code_1(clusterctl, arguments, sentence) -> None:
    outcome = clusterctl(*arguments)

    assert outcome.code == 1
    assert outcome.err.startswith("Error: ")
    assert sentence in outcome.err.splitlines()[0]
    assert outcome.out == ""


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--bootstrap-type", "kind"), "bootstrap type kind is not supported; use --bootstrap-type embedded"),
        (("--bootstrap-type", "minikube"), "bootstrap type minikube is not supported; use --bootstrap-type embedded"),
        (("--bootstrap-type", "podman"), 'unknown bootstrap type "podman"; expected embedded'),
        (("--bootstrap-type", "none"), "bootstrap type none needs --bootstrap-cluster-kubeconfig"),
        (("--bootstrap-type", "embedded", "-e", "k"), "exclude each other"),
    ],
    ids=["kind", "minikube", "podman", "none", "both"],
)
def test_bootstrap_types_that_cannot_be_are_refused(clusterctl, flags, sentence) -> None:
    outcome = clusterctl("create", "cluster", "-c", "c", "-m", "m", "-p", "p", "--provider", "openstack", *flags)

    assert outcome.code == 1
    assert sentence in outcome.err


def test_a_missing_file_is_named(clusterctl, tmp_path: Path) -> None:
    missing = tmp_path / "cluster.yaml"

    outcome = clusterctl("create", "cluster", "-c", missing, "-m", "m", "-p", "p", "--provider", "openstack")

    assert (outcome.code, outcome.err) == (1, f"Error: cannot read {missing}: No such file or directory\n")


def test_a_timeout_variable_that_is_no_number_is_named(clusterctl, invocation) -> None:
    invocation.environ["CLUSTER_API_MACHINE_READY_TIMEOUT"] = "soon"

    outcome = clusterctl("create", "cluster", "-c", "c", "-m", "m", "-p", "p", "--provider", "openstack")

    assert outcome.code == 1
    assert outcome.err == (
        'Error: CLUSTER_API_MACHINE_READY_TIMEOUT is "soon"; expected a whole number of minutes above 0\n'
    )


def test_version_is_told_to_programs(clusterctl) -> None:
    outcome = clusterctl("version", "-o", "json")

    assert json.loads(outcome.out)["clusterctl"]["version"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_names_the_program(clusterctl, shell) -> None:
    outcome = clusterctl("completion", shell)

    assert outcome.code == 0
    assert "_CLUSTERCTL_COMPLETE" in outcome.out


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from random import Random\n"
        "from kubecapy.clock import SystemClock\n"
        "from kubecapy.clusterctl.__main__ import run\n"
        "from kubecapy.clusterctl.invocation import Invocation\n"
        "helps = (['create', 'cluster'], ['delete', 'cluster'], ['get'], ['validate'])\n"
        "for words in ([], *([*words, '--help'] for words in helps)):\n"
        "    assert run(words, Invocation({}, SystemClock(), Random(0))) == 0\n"
        "heavy = {'aiohttp', 'cryptography', 'rich', 'yaml', 'openstack', 'jinja2', 'sqlite3'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert finished.stderr.splitlines()[-1] == "[]"
