"""What a Machine says, and when it looks again, while something is wrong."""

import pytest
from tests.controllers.world import MASTER, WORKER, World, a_cluster, a_machine, a_master, changed

from kubecapy.api.cluster.v1alpha1 import MACHINES
from kubecapy.api.core import NODES, SECRETS, Secret, encode_secret_data, secret_data
from kubecapy.apimachinery.conditions import Condition, find_condition
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.bootstrap.tokens import token_id
from kubecapy.client.interfaces import Unreachable
from kubecapy.contract.actuators import Reservation
from kubecapy.contract.errors import (
    CapacityExhausted,
    Conflict,
    InvalidConfiguration,
    NotFound,
    NotReady,
    PermissionDenied,
    ProviderError,
    Throttled,
    Unavailable,
)
from kubecapy.runtime.reconciler import Backoff, Result, Unforeseen
from kubecapy.testing.fake_cloud import CloudCall, Verb
from kubecapy.testing.fake_provider import FakeMachineActuator


def failing(world: World, verb: Verb, error: Exception, key: ObjectKey = WORKER) -> None:
    def interfere(call: CloudCall) -> None:
        if (call.verb, call.key) == (verb, key):
            raise error

    world.cloud.before_call = interfere


def cured(world: World) -> None:
    world.cloud.before_call = lambda call: None


def condition(world: World, type_: str, key: ObjectKey = WORKER) -> Condition:
    found = find_condition(world.machine(key).status.conditions, type_)
    assert found is not None, f"{key} has no condition {type_}"
    return found


async def with_control_plane(**settings: object) -> World:
    world = World(**settings)
    world.put(a_cluster(), a_master())
    await world.settle()
    world.put(a_machine())
    return world


async def last_pass(world: World) -> Result | None:
    await world.pass_machine()
    return await world.pass_machine()


@pytest.mark.parametrize(
    ("error", "reason", "wait"),
    [
        (NotFound("floating ip 9.20.206.8 is not there"), "ReferenceNotFound", None),
        (InvalidConfiguration("spec.providerSpec.value.flavour: unknown"), "InvalidConfiguration", None),
        (CapacityExhausted("quota exceeded"), "CapacityExhausted", 60.0),
        (Throttled("too many requests", retry_after_seconds=17.0), "Throttled", 17.0),
        (NotReady("port is being built", retry_after_seconds=3.0), "WaitingForCloud", 3.0),
        (Unavailable("no answer"), "CloudUnavailable", None),
        (PermissionDenied("wrong password"), "PermissionDenied", 60.0),
        (Conflict("another state"), "CloudConflict", None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, ProviderError) else "",
)
async def test_each_error_of_the_cloud_has_one_reaction(error: ProviderError, reason: str, wait: float | None) -> None:
    world = await with_control_plane()
    failing(world, "ensure_reservation", error)

    assert await last_pass(world) == (Result(wait, reason) if wait else None)
    found = condition(world, "Reserved")
    assert (found.status, found.reason, found.message) == ("False", reason, str(error))
    assert condition(world, "Ready").message == str(error)


@pytest.mark.parametrize("verb", ["ensure_reservation", "ensure_instance"])
async def test_a_machine_becomes_ready_once_the_cloud_is_mended(verb: Verb) -> None:
    world = await with_control_plane()
    failing(world, verb, NotFound("Associate floatingIP err: Resource not found"))
    await world.settle()
    assert world.machine().status.phase in ("Pending", "Provisioning")

    cured(world)
    await world.settle()

    assert world.machine().status.phase == "Running"
    assert condition(world, "Ready").status == "True"


async def test_only_a_terminal_error_is_an_error_reason_and_a_cure_clears_it() -> None:
    world = await with_control_plane()
    failing(world, "ensure_reservation", InvalidConfiguration("spec.providerSpec.value.flavour: unknown field"))
    await world.settle()
    machine = world.machine()
    assert (machine.status.error_reason, machine.status.phase) == ("InvalidConfiguration", "Failed")
    assert machine.status.error_message == "spec.providerSpec.value.flavour: unknown field"

    cured(world)
    await world.settle()

    machine = world.machine()
    assert (machine.status.error_reason, machine.status.error_message) == (None, None)
    assert machine.status.phase == "Running"


async def test_an_error_that_nobody_foresaw_is_told_by_its_class_and_place_and_never_by_its_words() -> None:
    world = await with_control_plane()
    failing(world, "ensure_reservation", KeyError("password=secret"))

    with pytest.raises(Unforeseen, match="unexpected KeyError") as raised:
        await world.machines.reconcile(WORKER)

    found = condition(world, "Reserved")
    assert (found.status, found.reason) == ("False", "InternalError")
    assert found.message.startswith("unexpected KeyError in tests.controllers.test_machine_failures, line ")
    assert condition(world, "Ready").message == found.message
    assert isinstance(raised.value.__cause__, KeyError)
    assert raised.value.reason == "InternalError"
    assert [event for event in world.recorder.events if "secret" in str(event)] == []
    assert world.machine().status.error_reason is None

    cured(world)
    await world.settle()
    assert world.machine().status.phase == "Running"


async def test_an_error_that_stays_is_written_and_told_once() -> None:
    world = await with_control_plane()
    requests = iter(range(100))

    def interfere(call: CloudCall) -> None:
        if call.verb == "ensure_reservation":
            raise Unavailable(f"listing ports: 503 (network, req-{next(requests):08x}-0000-4000-8000-000000000000)")

    world.cloud.before_call = interfere
    await world.settle()
    world.api.calls.clear()
    world.recorder.events.clear()

    await world.pass_machine()

    assert world.api.writes() == []
    assert world.recorder.events == []
    assert condition(world, "Reserved").message == "listing ports: 503 (network)"


async def test_a_running_machine_whose_address_got_lost_keeps_its_node_and_is_repaired() -> None:
    world = await with_control_plane()
    await world.settle()
    failing(world, "ensure_reservation", NotFound("floating ip 9.20.206.8 has no router"))
    await world.settle()
    assert condition(world, "Reserved").status == "False"
    assert condition(world, "NodeReady").status == "True"
    assert condition(world, "Ready").reason == "ReferenceNotFound"

    cured(world)
    await world.settle()

    assert condition(world, "Ready").status == "True"


async def test_a_server_in_error_shows_the_clouds_own_words() -> None:
    world = await with_control_plane()
    world.cloud._reads_until_running = 1000
    for _ in range(4):
        await world.round()
    server = world.cloud.servers[WORKER]
    server.state, server.fault = "Failed", "No valid host was found"

    result = await world.pass_machine()

    expected = f"server fake:///{server.id} failed: No valid host was found"
    assert result == Result(60.0)
    assert condition(world, "InstanceReady").message == expected
    assert (world.machine().status.error_reason, world.machine().status.error_message) == ("CreateError", expected)


JOIN_FAILURE = """\
[  OK  ] Started cloud-init
kubecapy: enable kubelet
kubecapy: run kubeadm
[preflight] Running pre-flight checks
error execution phase preflight: couldn't validate the identity of the API Server: none of the public keys \
"sha256:00" are pinned, token abcdef.0123456789abcdef
kubecapy: bootstrap failed: run kubeadm
"""


async def test_a_failed_boot_is_told_with_kubeadms_words_and_without_the_token() -> None:
    world = await with_control_plane()
    world.guests.broken["node-1"] = JOIN_FAILURE
    for _ in range(15):
        await world.round()

    found = condition(world, "BootstrapReady")
    assert (found.status, found.reason) == ("False", "BootstrapFailed")
    assert found.message == (
        "the boot failed at: run kubeadm: error execution phase preflight: couldn't validate the identity of the API "
        'Server: none of the public keys "sha256:00" are pinned, token abcdef.****************'
    )
    assert world.machine().status.error_reason == "JoinClusterTimeoutError"
    assert world.recorder.reasons.count("BootstrapFailed") == 1


async def test_a_host_that_joins_after_all_is_well_again() -> None:
    world = await with_control_plane()
    world.guests.broken["node-1"] = JOIN_FAILURE
    for _ in range(15):
        await world.round()

    del world.guests.broken["node-1"]
    await world.settle()

    assert world.machine().status.phase == "Running"
    assert world.machine().status.error_reason is None


async def test_the_console_is_read_late_and_ever_more_rarely() -> None:
    world = await with_control_plane()
    world.guests.broken["node-1"] = "booting"
    while world.machine().status.phase != "Provisioned":
        await world.round()
    world.cloud.calls.clear()

    waits = []
    for _ in range(7):
        result = await world.pass_machine()
        waits.append(result.requeue_after_seconds)
        world.clock.advance(result.requeue_after_seconds)

    assert waits[0] <= 20
    assert waits[1:] == [20, 40, 80, 160, 300, 300]
    assert len([call for call in world.cloud.calls if call.verb == "read_console"]) == 6


async def test_a_token_is_prolonged_while_its_host_boots() -> None:
    world = await with_control_plane(token_lifetime_seconds=100.0)
    world.guests.broken["node-1"] = ""
    for _ in range(60):
        await world.round()

    (token,) = world.workload.api.objects(SECRETS)
    expiration = secret_data(token)["expiration"].decode()
    assert expiration > world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_a_worker_does_not_boot_before_the_api_answers() -> None:
    world = await with_control_plane()
    world.workload.is_up = False

    for _ in range(3):
        await world.pass_machine()

    found = condition(world, "BootstrapReady")
    assert found.reason == "WaitingForControlPlane"
    assert found.message.endswith("https://198.51.100.1:6443: connection refused")
    assert WORKER not in world.cloud.servers


async def test_an_api_that_fails_while_the_token_is_made_delays_the_server() -> None:
    world = await with_control_plane()

    def refuse(call: object) -> None:
        if getattr(call, "verb", "") == "create":
            raise Unreachable("https://198.51.100.1:6443: connection reset")

    world.workload.api.before_call = refuse
    for _ in range(3):
        await world.pass_machine()
    assert condition(world, "BootstrapReady").reason == "WaitingForControlPlane"
    assert WORKER not in world.cloud.servers

    world.workload.guard()
    await world.settle()

    assert world.machine().status.phase == "Running"


class NamingActuator(FakeMachineActuator):
    """Names a user-data Secret, as a providerSpec may."""

    async def ensure_reservation(self, request: object) -> Reservation:
        reservation = await super().ensure_reservation(request)
        return changed(reservation, user_data_secret=ObjectKey("system", "worker-user-data"))


@pytest.fixture
async def naming_world() -> World:
    world = await with_control_plane()
    world.machines._making[1]._actuator = world.machines._making[2]._actuator = NamingActuator(world.cloud)
    return world


FILES_ONLY = """\
#cloud-config
write_files:
<% for file in files %>
- path: << file.path | json >>
  content: << file | content >>
<% endfor %>
"""


def put_template(world: World, text: str) -> None:
    meta = ObjectMeta(name="worker-user-data", namespace="system")
    world.api.put(SECRETS, Secret(metadata=meta, data=encode_secret_data({"userData": text})))


async def test_a_missing_user_data_secret_is_named_and_awaited(naming_world: World) -> None:
    await naming_world.settle()
    found = condition(naming_world, "BootstrapReady")
    assert (found.reason, found.message) == (
        "InvalidUserData",
        "Secret system/worker-user-data is not there; the Machine's userDataSecret names it: create it",
    )

    put_template(naming_world, FILES_ONLY)
    await naming_world.settle()

    assert naming_world.machine().status.phase == "Running"


async def test_a_wrong_template_is_told_by_its_line(naming_world: World) -> None:
    put_template(naming_world, "#cloud-config\nhostname: << machine.hostnam >>\n")

    await naming_world.settle()

    message = condition(naming_world, "BootstrapReady").message
    assert message.startswith("Secret system/worker-user-data, key userData, line 2: ")


@pytest.mark.parametrize(
    ("clusters", "labels", "message"),
    [
        ((), None, 'there is no Cluster in "default"'),
        (("a", "b"), None, 'label cluster.k8s.io/cluster-name is missing, and "default" has several Clusters: a, b'),
        (("a",), {"cluster.k8s.io/cluster-name": "b"}, 'there is no Cluster "b" in "default"'),
    ],
    ids=["none", "several", "another"],
)
async def test_a_machine_without_a_cluster_says_so_and_waits(
    clusters: tuple[str, ...], labels: dict[str, str] | None, message: str
) -> None:
    world = World()
    world.put(*(a_cluster(name=name) for name in clusters), a_machine(labels=labels))

    await world.pass_machine()

    assert condition(world, "Reserved").message == message
    assert world.cloud.calls == []
    assert world.machine().metadata.finalizers == ()


async def test_versions_that_cannot_be_rendered_are_refused_before_anything_is_made() -> None:
    world = await with_control_plane()
    await world.api.patch(MACHINES, WORKER, {"spec": {"versions": {"kubelet": "latest"}}})
    world.cloud.calls.clear()

    assert await last_pass(world) is None

    assert world.machine().status.error_message == (
        'spec.versions.kubelet: expected a Kubernetes version such as 1.14.0, found "latest"'
    )
    assert world.cloud.calls == []


async def test_a_worker_whose_server_vanished_gets_another_and_its_old_node_goes() -> None:
    world = await with_control_plane()
    await world.settle()
    old = world.machine().spec.provider_id
    del world.cloud.servers[WORKER]

    await world.settle()

    machine = world.machine()
    assert machine.spec.provider_id != old
    assert machine.status.phase == "Running"
    providers = {node.metadata.name: node.spec.provider_id for node in world.workload.api.objects(NODES)}
    assert providers["node-1"] == machine.spec.provider_id


async def test_a_control_plane_whose_server_vanished_is_not_made_anew() -> None:
    world = await with_control_plane()
    await world.settle()
    del world.cloud.servers[MASTER]

    await world.pass_machine(MASTER)

    assert MASTER not in world.cloud.servers
    machine = world.machine(MASTER)
    assert machine.status.error_reason == "InvalidConfiguration"
    assert "is gone with its data; delete the Machine" in machine.status.error_message


async def test_a_server_that_an_interrupted_pass_made_is_taken_up_with_its_data() -> None:
    world = await with_control_plane()
    world.guests.broken["node-1"] = ""

    def lose_the_reply(call: CloudCall) -> None:
        if call.verb == "ensure_instance":
            raise Unavailable("creating server node-1: no reply")

    world.cloud.after_call = lose_the_reply
    for _ in range(6):
        await world.round()

    assert WORKER in world.cloud.servers
    found = condition(world, "BootstrapReady")
    assert (found.status, found.reason) == ("True", "Rendered")


async def test_a_failure_asks_for_backoff_without_hiding_its_cause() -> None:
    world = await with_control_plane()
    failing(world, "ensure_reservation", Unavailable("no answer"))
    await world.pass_machine()

    with pytest.raises(Backoff, match="no answer") as caught:
        await world.machines.reconcile(WORKER)

    assert isinstance(caught.value.__cause__, Unavailable)


def written(world: World) -> str:
    return "".join(str(call.body) for call in world.api.calls if call.plural != "secrets" and call.body)


async def test_no_token_and_no_key_is_written_anywhere_but_in_secrets(caplog: pytest.LogCaptureFixture) -> None:
    world = await with_control_plane()
    with caplog.at_level(1):
        await world.settle()

    user_data = world.cloud.servers[WORKER].user_data.reveal().decode()
    token = next(line.split()[-1] for line in user_data.splitlines() if "token: " in line)
    assert token.startswith(token_id("test1", WORKER))
    told = written(world) + caplog.text + str(world.recorder.events)
    assert token.partition(".")[2] not in told
    assert "PRIVATE KEY" not in told


async def test_a_server_that_is_built_for_ever_is_told_of_and_looked_at_ever_more_seldom() -> None:
    world = World()
    world.put(a_cluster(), a_master())
    while MASTER not in world.cloud.servers:
        await world.round()
    world.cloud.servers[MASTER].state = "Pending"
    world.cloud.servers[MASTER].reads_until_running = 10_000

    early = await world.pass_machine(MASTER)
    assert condition(world, "InstanceReady", MASTER).reason == "InstancePending"
    world.clock.advance(15 * 60)
    late = await world.pass_machine(MASTER)

    found = condition(world, "InstanceReady", MASTER)
    assert found.reason == "InstanceOverdue"
    assert "for more than 15 minutes, since 2026-11-23T12:00" in found.message
    assert early == Result(2.0)
    assert late is not None
    assert 15 <= (late.requeue_after_seconds or 0) <= 60
