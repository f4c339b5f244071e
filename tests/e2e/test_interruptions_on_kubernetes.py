"""Two runs borrow one real bootstrap cluster, one is cut short: neither spoils the other, and nothing is left."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGINT, SIGKILL

import pytest
from tests.e2e.quick_stage import CREATE, DELETE, Ended, Typist
from tests.e2e.real_bootstrap import BORROWED, NODE, RealBootstrap, run_real_bootstrap
from tests.e2e.second_cluster import CREATE_SECOND, write_second

pytestmark = [pytest.mark.xdist_group("interruptions-on-kubernetes"), pytest.mark.timeout(600)]

CREATE_POINTS = (
    ("deployment.apps/clusterapi-controllers created", SIGKILL),
    ("Creating control plane machine", SIGINT),
    ("InstanceReady: the server is being built", SIGKILL),
    ("Scaling down controller system", SIGKILL),
    ("Moving Machine", SIGINT),
)
"""The last two leave the controllers of the borrowed cluster stopped."""
DELETE_POINTS = (
    ("Stopping the controllers of the target", SIGKILL),
    ("Deleting Cluster .* on the source", SIGINT),
)
DELETE_SECOND = ("clusterctl", "delete", "cluster", "--v", "4", "--kubeconfig", "second/kubeconfig")


@pytest.fixture(scope="module")
def real(binaries: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealBootstrap]:
    with run_real_bootstrap(binaries, tmp_path_factory.mktemp("kubernetes")) as real:
        write_second(real.typist.stage)
        yield real


def at_once(typist: Typist, *commands: Sequence[str]) -> list[Ended]:
    """Type all commands at the same time; return how each ended."""
    with ThreadPoolExecutor() as hands:
        return list(hands.map(typist.type, commands))


def phases(typist: Typist, *flags: str) -> list[str]:
    return typist.must("kubectl", "get", "machines", "-A", "-o", "jsonpath={.items[*].status.phase}", *flags).split()


def test_two_clusters_come_and_go_at_once_though_one_run_is_cut_short_again_and_again(real: RealBootstrap) -> None:
    typist = real.typist
    before, project = real.holdings(), typist.belongings()

    cuts = typist.cut_at_each([*CREATE, *BORROWED], CREATE_POINTS)
    created = at_once(typist, [*CREATE, *BORROWED], [*CREATE_SECOND, *BORROWED])
    after_create, servers = real.holdings(), typist.belongings()["servers"]
    running = [phases(typist), phases(typist, "--kubeconfig", "second/kubeconfig")]
    typist.cut_at_each([*DELETE, *BORROWED], DELETE_POINTS)
    deleted = at_once(typist, [*DELETE, *BORROWED], [*DELETE_SECOND, *BORROWED])

    assert [end.code for end, (_, send) in zip(cuts, CREATE_POINTS, strict=True) if send is SIGINT] == [130, 130]
    for ended in (*created, *deleted):
        assert ended.code == 0, ended.text
    assert after_create == before
    assert running == [["Running", "Running"], ["Running", "Running"]]
    kinds = ["liugya-master", "liugya-node", "other-master", "other-node"]
    assert [name.rpartition("-")[0] for name in servers if name != NODE] == kinds
    assert real.holdings() == before
    assert typist.belongings() == project
    assert not list(typist.state_home.iterdir())
