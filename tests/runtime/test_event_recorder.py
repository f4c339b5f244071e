"""Events for people: aggregated, limited, best effort."""

from kubecapy.api.cluster.v1alpha1 import MACHINES, Machine, MachineSpec, ProviderSpec
from kubecapy.api.core import EVENTS, Event
from kubecapy.apimachinery.errors import Forbidden
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.client.interfaces import Unreachable
from kubecapy.runtime.event_recorder import AGGREGATION_SECONDS, SIMILAR_LIMIT, SPAM_BURST, EventRecorder
from kubecapy.testing.fake_api import Call, FakeApi
from kubecapy.testing.virtual_time import VirtualClock, on_virtual_time


def stored_machine(api: FakeApi) -> Machine:
    meta = ObjectMeta(name="m", namespace="d")
    return api.put(MACHINES, Machine(metadata=meta, spec=MachineSpec(provider_spec=ProviderSpec())))


def new_recorder(api: FakeApi) -> EventRecorder:
    return EventRecorder(api, "machine-controller", VirtualClock())


def told(api: FakeApi) -> list[tuple[str, int | None]]:
    return [(event.message, event.count) for event in api.objects(EVENTS)]


@on_virtual_time
async def test_an_event_says_what_happened_to_which_object() -> None:
    api = FakeApi(VirtualClock())
    machine = stored_machine(api)

    await new_recorder(api).event(machine, "Warning", "FailedCreate", "no such flavor")

    (event,) = api.objects(EVENTS)
    assert event.metadata.namespace == "d"
    assert event.metadata.name.startswith("m-")
    assert (event.type, event.reason, event.message, event.count) == ("Warning", "FailedCreate", "no such flavor", 1)
    assert (event.source.component, event.first_timestamp) == ("machine-controller", "2019-04-04T06:00:00Z")
    about = event.involved_object
    assert (about.kind, about.api_version, about.name, about.uid) == (
        "Machine",
        "cluster.k8s.io/v1alpha1",
        "m",
        machine.metadata.uid,
    )


@on_virtual_time
async def test_an_event_that_repeats_raises_the_count_of_the_first() -> None:
    api, clock = FakeApi(VirtualClock()), VirtualClock()
    machine, recorder = stored_machine(api), new_recorder(api)
    for _ in range(3):
        await recorder.event(machine, "Normal", "Created", "same")
        await clock.sleep(60)
    await recorder.event(machine, "Normal", "Created", "other")

    assert sorted(told(api)) == [("other", 1), ("same", 3)]
    assert max(event.last_timestamp or "" for event in api.objects(EVENTS)) == "2019-04-04T06:03:00Z"


@on_virtual_time
async def test_an_event_is_told_anew_after_a_while_or_once_the_server_dropped_it() -> None:
    api, clock = FakeApi(VirtualClock()), VirtualClock()
    machine, recorder = stored_machine(api), new_recorder(api)
    await recorder.event(machine, "Normal", "Created", "same")
    await clock.sleep(AGGREGATION_SECONDS + 1)
    await recorder.event(machine, "Normal", "Created", "same")
    assert told(api) == [("same", 1), ("same", 1)]

    for event in api.objects(EVENTS):
        await api.delete(EVENTS, ObjectKey("d", event.metadata.name))
    await recorder.event(machine, "Normal", "Created", "same")

    assert told(api) == [("same", 1)]


@on_virtual_time
async def test_many_events_that_differ_in_their_message_are_told_as_one() -> None:
    api, clock = FakeApi(VirtualClock()), VirtualClock()
    machine, recorder = stored_machine(api), new_recorder(api)
    for number in range(14):
        await recorder.event(machine, "Warning", "FailedCreate", f"attempt {number}")
    await recorder.event(machine, "Warning", "FailedCreate", "attempt 3")
    await recorder.event(machine, "Normal", "Created", "another reason")

    assert sorted(told(api)) == sorted(
        [
            ("another reason", 1),
            *((f"attempt {number}", 2 if number == 3 else 1) for number in range(SIMILAR_LIMIT - 1)),
            ("(combined from similar events): attempt 13", 5),
        ]
    )
    await clock.sleep(AGGREGATION_SECONDS + 301)
    await recorder.event(machine, "Warning", "FailedCreate", "attempt 99")
    assert ("attempt 99", 1) in told(api)


@on_virtual_time
async def test_an_object_that_talks_too_much_is_cut_off_and_others_are_not() -> None:
    api = FakeApi(VirtualClock())
    machine, recorder = stored_machine(api), new_recorder(api)
    other = Machine(metadata=ObjectMeta(name="o", namespace="d", uid="other"), spec=machine.spec)
    for number in range(SPAM_BURST + 10):
        await recorder.event(machine, "Normal", f"Created{number}", "same")
    await recorder.event(other, "Normal", "Created", "other")

    assert len(api.objects(EVENTS)) == SPAM_BURST + 1
    await VirtualClock().sleep(301)
    await recorder.event(machine, "Normal", "Created", "again")
    assert len(api.objects(EVENTS)) == SPAM_BURST + 2


@on_virtual_time
async def test_a_server_that_takes_no_events_disturbs_nobody() -> None:
    api = FakeApi(VirtualClock())
    machine, recorder = stored_machine(api), new_recorder(api)
    for error in (Unreachable("down"), Forbidden("no")):

        def fail(call: Call, error: Exception = error) -> None:
            raise error

        api.before_call = fail
        await recorder.event(machine, "Normal", "Created", "lost")
    api.before_call = lambda call: None
    await recorder.event(machine, "Normal", "Created", "kept")

    assert told(api) == [("kept", 1)]


@on_virtual_time
async def test_long_messages_are_cut_and_json_objects_can_be_told_of() -> None:
    api = FakeApi(VirtualClock())
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "uid": "1"}}

    await new_recorder(api).event(node, "Normal", "Seen", "x" * 5000)

    event: Event = api.objects(EVENTS)[0]
    assert len(event.message) == 1024
    assert (event.metadata.namespace, event.involved_object.kind) == ("default", "Node")
