"""Cut clusterctl short at many lines of a create and a delete: it goes on, without twins, and leaves nothing."""

import json
import stat
from collections.abc import Iterator
from signal import SIGINT, SIGKILL

import pytest
from demo.stage import open_stage
from tests.e2e.quick_stage import CREATE, DELETE, QUICK_CLOUD, Ended, Typist

pytestmark = [pytest.mark.xdist_group("interruptions"), pytest.mark.timeout(400)]

CREATE_POINTS = (
    ("Preparing bootstrap cluster", SIGKILL),
    ("namespace/system created", SIGINT),
    ("Creating cluster object", SIGKILL),
    ("Creating control plane machine", SIGINT),
    ("InstanceReady: the server is being built", SIGKILL),
    ("Getting target cluster kubeconfig", SIGINT),
    ("Saving provider components", SIGKILL),
    ("Pausing cluster default/test1 on the bootstrap", SIGINT),
    ("Moving Machine", SIGKILL),
    ("Comparing", SIGINT),
    ("Handing cluster default/test1 over", SIGKILL),
    ("Deleting Machine .* on the source", SIGINT),
    ("Creating node machines", SIGKILL),
)
DELETE_POINTS = (
    ("Deleting node machines", SIGINT),
    ("waiting for node machines", SIGKILL),
    ("Stopping the controllers of the target", SIGKILL),
    ("Moving Secret default/test1-ca", SIGINT),
    ("Handing cluster default/test1 over", SIGKILL),
    ("Deleting Machine .* on the source", SIGINT),
    ("waiting for cluster test1 to be deleted: .* waiting for server", SIGKILL),
)
WITH_WORKERS = 2
"""The points that are passed only while there are workers: without a hold on the cloud, a slow run would miss them."""
HELD_DELETES = {
    "match": {"service": "compute", "method": "DELETE", "path": "/servers/"},
    "action": {"kind": "hold"},
    "times": None,
}


@pytest.fixture(scope="module")
def typist() -> Iterator[Typist]:
    with open_stage(lambda _: None, QUICK_CLOUD) as stage:
        typist = Typist(stage)
        typist.prepare()
        yield typist


@pytest.fixture(scope="module")
def cut_creates(typist: Typist) -> list[Ended]:
    """The ends of all attempts at one create; the last one came to its own."""
    return [*typist.cut_at_each(CREATE, CREATE_POINTS), typist.type(CREATE)]


@pytest.fixture(scope="module")
def cut_deletes(typist: Typist, cut_creates: list[Ended]) -> list[Ended]:
    """The ends of all attempts to delete that cluster; its workers' servers stay until the second one saw them go."""
    assert cut_creates[-1].code == 0, cut_creates[-1].text
    held, free = DELETE_POINTS[:WITH_WORKERS], DELETE_POINTS[WITH_WORKERS:]
    typist.ask_cloud("/faults", "-d", json.dumps(HELD_DELETES))
    cuts = typist.cut_at_each(DELETE, held)
    typist.ask_cloud("/faults", "-X", "DELETE")
    return [*cuts, *typist.cut_at_each(DELETE, free), typist.type(DELETE)]


def cut_by_ctrl_c(ends: list[Ended], points: tuple) -> list[Ended]:
    return [end for end, (_, send) in zip(ends, points, strict=False) if send is SIGINT]


def test_a_create_that_is_cut_short_anywhere_ends_as_one_cluster(typist: Typist, cut_creates: list[Ended]) -> None:
    machines = typist.must("kubectl", "get", "machines", "-o", "jsonpath={.items[*].status.phase}")
    names = typist.must("kubectl", "get", "machines", "-o", "jsonpath={.items[*].metadata.name}").split()

    assert cut_creates[-1].code == 0, cut_creates[-1].text
    assert machines == "Running Running"
    assert typist.belongings() == {"servers": sorted(names), "ports": sorted(names)}
    assert not typist.state_home.exists() or not list(typist.state_home.iterdir())


def test_ctrl_c_says_how_to_go_on_or_undo_and_shows_no_trace(typist: Typist, cut_creates: list[Ended]) -> None:
    folder = typist.state_home / "default-test1"
    for end in cut_by_ctrl_c(cut_creates, CREATE_POINTS):
        last = end.text.strip().splitlines()[-2:]

        assert end.code == 130, end.text
        assert last[0] == "Error: interrupted"
        assert last[1].startswith(f"The record is kept in {folder} ")
        assert last[1].endswith(f"or delete what was made with: clusterctl delete cluster --state-dir {folder}")
        assert "Traceback" not in end.text


def test_a_delete_that_is_cut_short_anywhere_ends_with_an_empty_project(
    typist: Typist, cut_deletes: list[Ended]
) -> None:
    assert cut_deletes[-1].code == 0, cut_deletes[-1].text
    assert {end.code for end in cut_by_ctrl_c(cut_deletes, DELETE_POINTS)} == {130}
    assert typist.belongings() == {"servers": [], "ports": []}
    assert not list(typist.state_home.iterdir())


@pytest.mark.usefixtures("cut_deletes")
def test_a_delete_of_what_is_gone_says_so_in_one_sentence(typist: Typist) -> None:
    again = typist.type(DELETE)

    assert again.code == 1
    assert "the cluster to delete does not answer" in again.text
    assert len(again.text.strip().splitlines()) == 1


@pytest.mark.usefixtures("cut_deletes")
def test_a_create_that_was_killed_while_handing_over_is_deleted_by_its_folder(typist: Typist) -> None:
    """Neither side holds the whole cluster at that moment: the delete completes the move first."""
    folder = typist.stage.work / "state"
    killed = typist.type([*CREATE, "--state-dir", "state"], at="Handing cluster", send=SIGKILL)
    kept = stat.S_IMODE(folder.stat().st_mode)

    deleted = typist.type(["clusterctl", "delete", "cluster", "--state-dir", "state"])

    assert killed.was_cut
    assert kept == 0o700
    assert deleted.code == 0, deleted.text
    assert typist.belongings() == {"servers": [], "ports": []}
    assert not folder.exists()


@pytest.mark.usefixtures("cut_deletes")
def test_a_second_run_on_the_same_folder_is_refused(typist: Typist) -> None:
    others: list[Ended] = []
    create = [*CREATE, "--state-dir", "busy"]
    delete = ["clusterctl", "delete", "cluster", "--state-dir", "busy"]

    def try_beside() -> None:
        others.extend(typist.type(command) for command in (create, delete))

    first = typist.type(create, at="Creating cluster object", meanwhile=try_beside)

    assert first.code == 130
    assert [other.code for other in others] == [1, 1]
    for other in others:
        assert other.text.startswith("Error: state folder busy is in use by process ")
        assert len(other.text.splitlines()) == 1
    assert typist.type(delete).code == 0
    assert typist.belongings() == {"servers": [], "ports": []}
