"""Try how a machine is made: reserved, then a server, each once, and how it is looked at."""

from typing import Final

from kubecapy.contract.actuators import Instance
from kubecapy.telemetry.secrets import Secret
from kubecapy.testing.provider_conformance.actors import ActedMachine
from kubecapy.testing.provider_conformance.checks import expect
from kubecapy.testing.provider_conformance.scenario import Scenario
from kubecapy.testing.provider_conformance.stage import Stage

LONGEST_NOTICE_SECONDS: Final = 60.0
FAULT: Final = "No valid host was found for the conformance kit"


async def nothing_is_seen_of_a_machine_that_was_never_made(stage: Stage) -> None:
    """A look at a machine that was never made finds no server and an empty console."""
    machine = stage.machine(await stage.add_cluster())

    expect(await machine.observe() is None, "observe_instance finds no server where none was made")
    expect(await machine.read_console(10) == "", "read_console is empty where there is no server")


async def a_reservation_makes_no_server(stage: Stage) -> None:
    """What a server needs is reserved before it is made, and recorded in between."""
    machine = stage.machine(await stage.add_cluster())

    await machine.reserved()

    expect(await machine.observe() is None, "ensure_reservation makes no server")


async def reserving_again_makes_nothing_more(stage: Stage) -> None:
    """A reservation is found again: by its record, without it, and by another process."""
    machine = stage.machine(await stage.add_cluster())
    first = await machine.reserved()
    then = await stage.things()

    again = await machine.reserve()
    expect(again == first, "ensure_reservation returns the same a second time", (first, again))
    machine.forget_status()
    found = await machine.reserve()
    expect(found.addresses == first.addresses, "a reservation is found without its record", found.addresses)
    await stage.harness.restart()
    machine.forget_status()
    found = await machine.reserve()
    expect(found.addresses == first.addresses, "a reservation is found by another process", found.addresses)

    await stage.expect_unchanged(then, "reserving again makes nothing more")


async def a_machine_comes_to_run_at_the_addresses_that_were_reserved(stage: Stage) -> None:
    """Addresses are known before the server, and stay for as long as the machine lives."""
    machine = stage.machine(await stage.add_cluster())
    reserved = await machine.reserved()

    instance = await machine.come_up()
    later = await machine.reserve()

    strange = set(instance.addresses) - set(reserved.addresses)
    expect(not strange, "a server has the addresses that were reserved, and no others", strange)
    expect(later.addresses == reserved.addresses, "addresses stay the same", (reserved.addresses, later.addresses))
    expect(later.hostname == reserved.hostname, "the host name stays the same", (reserved.hostname, later.hostname))
    hint = later.provider_id_hint
    expect(hint in (None, instance.provider_id), "provider_id_hint is the server's providerID", hint)


async def making_again_makes_no_second_server(stage: Stage) -> None:
    """A server is found again: at once, with other user data, without its record, and by another process."""
    machine = stage.machine(await stage.add_cluster())
    await machine.reserved()
    first = await stage.caller.repeat("ensure_instance", machine.make)
    then = await stage.things()

    await _expect_same(machine, first, "at once")
    await _expect_same(machine, first, "with other user data", Secret(b"#cloud-config\n"))
    machine.forget_status()
    await _expect_same(machine, first, "without its record")
    await stage.harness.restart()
    machine.forget_status()
    await _expect_same(machine, first, "by another process")

    await stage.expect_unchanged(then, "making again makes nothing more")


async def a_machine_that_moved_keeps_its_server(stage: Stage) -> None:
    """In another management cluster the objects have other uids, and mean what they meant."""
    cluster = await stage.add_cluster()
    machine = stage.machine(cluster)
    first = await machine.come_up()
    then = await stage.things()

    machine.move()
    cluster.move()
    await stage.harness.restart()
    again = await machine.come_up()

    expect(again.provider_id == first.provider_id, "a Machine that moved keeps its server", again.provider_id)
    await stage.expect_unchanged(then, "moving makes nothing")
    await machine.go_away()
    await cluster.go_away()
    await stage.expect_as_before()


async def looking_changes_nothing(stage: Stage) -> None:
    """A look, at any time, changes nothing in the cloud."""
    machine = stage.machine(await stage.add_cluster())
    await _look(stage, machine)
    await machine.reserved()
    await _look(stage, machine)
    await stage.caller.repeat("ensure_instance", machine.make)
    await _look(stage, machine)
    await machine.come_up()
    await _look(stage, machine)


async def the_console_shows_its_last_lines(stage: Stage) -> None:
    """As many lines of the console are returned as were asked for, the last ones."""
    machine = stage.machine(await stage.add_cluster())
    instance = await machine.come_up()

    await stage.harness.write_console(instance.provider_id, "one\ntwo\nthree\n")

    shown = (await machine.read_console(2)).splitlines()
    expect(shown == ["two", "three"], "read_console returns the last lines", shown)


async def a_removed_server_is_noticed_and_another_is_made(stage: Stage) -> None:
    """A server that somebody removed is noticed in time; another takes its place."""
    late = stage.harness.notice_seconds
    expect(late <= LONGEST_NOTICE_SECONDS, "a removed server is noticed within a minute", late)
    machine = stage.machine(await stage.add_cluster())
    first = await machine.come_up()

    await stage.harness.remove_server(first.provider_id)
    await stage.harness.pass_time(late)

    expect(await machine.observe() is None, f"observe_instance notices within {late} s that the server was removed")
    second = await machine.come_up()
    expect(second.provider_id != first.provider_id, "another server has another providerID", second.provider_id)
    await machine.go_away()


async def a_server_that_failed_says_why(stage: Stage) -> None:
    """The cloud's own words about a failed server are passed on."""
    machine = stage.machine(await stage.add_cluster())
    first = await machine.come_up()

    await stage.harness.fail_server(first.provider_id, FAULT)
    await stage.harness.pass_time(stage.harness.notice_seconds)
    seen = await machine.observe()

    expect(seen is not None and seen.state == "Failed", "a server that the cloud gave up is Failed", seen)
    expect(seen is not None and FAULT in seen.fault, "the cloud's own words are in `fault`", seen)
    await machine.go_away()


async def _look(stage: Stage, machine: ActedMachine) -> None:
    then = await stage.things()
    await machine.observe()
    await machine.read_console(10)
    await stage.expect_unchanged(then, "observe_instance and read_console change nothing")


async def _expect_same(machine: ActedMachine, first: Instance, how: str, data: Secret[bytes] | None = None) -> None:
    again = await (machine.make(data) if data else machine.make())
    expect(again.provider_id == first.provider_id, f"the server is found again {how}", again.provider_id)


SCENARIOS: Final = (
    Scenario(nothing_is_seen_of_a_machine_that_was_never_made),
    Scenario(a_reservation_makes_no_server),
    Scenario(reserving_again_makes_nothing_more),
    Scenario(a_machine_comes_to_run_at_the_addresses_that_were_reserved),
    Scenario(making_again_makes_no_second_server),
    Scenario(a_machine_that_moved_keeps_its_server),
    Scenario(looking_changes_nothing),
    Scenario(the_console_shows_its_last_lines),
    Scenario(a_removed_server_is_noticed_and_another_is_made),
    Scenario(a_server_that_failed_says_why),
)
