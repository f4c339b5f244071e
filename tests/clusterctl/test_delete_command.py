import re
from pathlib import Path

import pytest

KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:9"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
"""


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG)
    return path


def test_a_cluster_that_does_not_answer_is_one_sentence(clusterctl, kubeconfig, invocation) -> None:
    outcome = clusterctl("delete", "cluster", "--kubeconfig", kubeconfig)

    assert outcome.code == 1
    assert re.fullmatch(
        r"Error: the cluster to delete does not answer \(https://127.0.0.1:9: .*\), and no unfinished delete of it is "
        r"recorded; if a run of yours used another --state-dir, name it\n",
        outcome.err,
    )
    assert list(invocation.home.iterdir()) == []


def test_a_missing_kubeconfig_is_named(clusterctl, tmp_path) -> None:
    outcome = clusterctl("delete", "cluster", "--kubeconfig", tmp_path / "absent")

    assert (outcome.code, outcome.err) == (
        1,
        f"Error: cannot read the kubeconfig at {tmp_path}/absent: No such file or directory\n",
    )


def test_a_state_folder_without_a_run_is_named(clusterctl, tmp_path) -> None:
    outcome = clusterctl("delete", "cluster", "--state-dir", tmp_path)

    assert (outcome.code, outcome.err) == (
        1,
        f"Error: {tmp_path} holds no unfinished run; pass --kubeconfig of the cluster to delete\n",
    )
