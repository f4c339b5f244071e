"""Try what tools ask of a provider: manifests, checks, the look before, and the look after."""

from typing import Any, Final

import msgspec

from kubecapy.apimachinery.codec import decode, encode
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.contract.errors import InvalidConfiguration, ProviderError
from kubecapy.contract.provider import ProviderManifests
from kubecapy.testing.provider_conformance.actors import ActedCluster, ActedMachine
from kubecapy.testing.provider_conformance.checks import Violation, check_hidden, expect
from kubecapy.testing.provider_conformance.scenario import Scenario
from kubecapy.testing.provider_conformance.stage import Stage

PATH: Final = "spec.providerSpec.value"
ODD_VALUES: Final[tuple[JsonObject, ...]] = (
    {},
    {"apiVersion": None, "kind": 3},
    {"apiVersion": ["v1"], "": {"": [{}]}},
    {"networks": "none", "image": {"a": [1, None, True]}, "flavor": -1.5e300},
    {"\u0000": "\ud83d\ude00", "x" * 300: [[[[]]]]},
)
"""What manifests may hold where a person, or a program, erred."""


async def specs_are_checked_without_asking_anybody(stage: Stage) -> None:
    """A right spec has no errors, a wrong one has them below its path, and no value raises one."""
    check = stage.harness.tooling.validate_spec
    for kind, right in (("Cluster", stage.harness.cluster_spec), ("Machine", stage.harness.machine_spec)):
        errors = check(kind, right, PATH)  # type: ignore[arg-type]  # the two literals
        expect(not errors, f"validate_spec finds nothing wrong with a {kind} that works", [str(e) for e in errors])
    for wrong in stage.harness.wrong_specs:
        errors = check(wrong.kind, wrong.value, PATH)
        told = " ".join(str(error) for error in errors)
        if issubclass(wrong.error, InvalidConfiguration):
            expect(wrong.names in told, f"validate_spec names {wrong.names}", told)
        expect(all(error.path.startswith(PATH) for error in errors), f"paths begin with {PATH}", told)
    for value in ODD_VALUES:
        _check_odd(stage, value)


async def the_look_before_finds_what_is_missing_and_changes_nothing(stage: Stage) -> None:
    """Preflight is read-only: no sentence where all can be made or is made, one that names each thing that cannot."""
    cluster = stage.cluster()
    right = stage.machine(cluster)

    await _expect_obstacles(stage, cluster, right, None)
    for wrong in stage.wrong_specs("Machine"):
        await _expect_obstacles(stage, cluster, stage.machine(cluster, spec=wrong.value), wrong.names)
    await stage.expect_as_before()

    await cluster.come_up()
    await right.come_up()
    await _expect_obstacles(stage, cluster, right, None)
    await right.go_away()
    await cluster.go_away()


async def what_is_left_of_a_cluster_is_found(stage: Stage) -> None:
    """Leftovers are exactly what was made for the Cluster and its machines, found from the Cluster alone."""
    other = await stage.add_cluster("test10")
    await stage.machine(other, "other").come_up()
    others = await stage.made()
    await _expect_leftovers(stage, stage.cluster(), frozenset())
    cluster = await stage.add_cluster()
    machine = stage.machine(cluster)
    await machine.come_up()

    await stage.harness.restart()
    made = {thing.id for thing in await stage.made() - others}
    await _expect_leftovers(stage, stage.cluster(), frozenset(made))

    await machine.go_away()
    await cluster.go_away()
    await _expect_leftovers(stage, stage.cluster(), frozenset())


async def manifests_are_made_for_the_cloud_that_is_named(stage: Stage) -> None:
    """The manifests hold a Cluster, Machines and components that this provider means; only Secrets hold credentials."""
    tooling, request = stage.harness.tooling, stage.harness.generate_request

    manifests = tooling.generate(request)

    expect(manifests.cluster.get("kind") == "Cluster", "generate returns a Cluster", manifests.cluster.get("kind"))
    kinds = [machine.get("kind") for machine in manifests.machines]
    expect(kinds == ["Machine", "Machine"], "generate returns a control plane and a worker", kinds)
    expect(manifests.namespace, "generate names the namespace of the controllers")
    _check_components(stage, manifests)
    unknown = msgspec.structs.replace(request, cloud="no-such-cloud")
    try:
        tooling.generate(unknown)
    except InvalidConfiguration as error:
        expect("no-such-cloud" in str(error), "the sentence names the cloud that is not there", str(error))
    else:
        raise Violation("a cloud that the configuration lacks is an InvalidConfiguration; seen: no error")


def _check_odd(stage: Stage, value: JsonObject) -> None:
    for kind in ("Cluster", "Machine"):
        try:
            stage.harness.tooling.validate_spec(kind, value, PATH)
        except Exception as error:
            raise Violation(f"validate_spec raises nothing for {value}; seen: {error!r}") from error


def _check_components(stage: Stage, manifests: ProviderManifests) -> None:
    components = manifests.components
    named = [item["metadata"]["name"] for item in components if item.get("kind") == "Namespace"]
    expect(manifests.namespace in named, "the components make the namespace of the controllers", named)
    for item in (manifests.cluster, *manifests.machines, *components):
        whole = msgspec.json.encode(item)
        if item.get("kind") != "Secret":
            check_hidden(f"the {item.get('kind')} of generate", whole.decode(), stage.caller.hidden)


async def _expect_obstacles(stage: Stage, cluster: ActedCluster, machine: ActedMachine, names: str | None) -> None:
    then = await stage.things()
    found = await stage.harness.tooling.preflight(_manifest(cluster.stored), [_manifest(machine.stored)])
    told = " ".join(found)
    check_hidden("what preflight returned", told, stage.caller.hidden)
    if names is None:
        expect(not found, "preflight has nothing to say where all can be made", told)
    else:
        expect(names in told, f"preflight names {names}", told)
    await stage.expect_unchanged(then, "preflight changes nothing")


async def _expect_leftovers(stage: Stage, cluster: ActedCluster, wanted: frozenset[str]) -> None:
    try:
        leftovers = await stage.harness.tooling.find_leftovers(cluster.stored)
    except ProviderError as error:
        raise Violation(f"find_leftovers works from the Cluster alone; seen: {error!r}") from error
    found = {leftover.id for leftover in leftovers}
    missed, strange = sorted(wanted - found), sorted(found - wanted)
    expect(not missed and not strange, "leftovers are what was made", {"missed": missed, "not made": strange})


def _manifest(obj: object) -> JsonObject:
    """Return the object as it stands in a manifest, without what a server and the reconciler wrote."""
    manifest: dict[str, Any] = decode(encode(obj), dict)  # Any: a manifest is JSON
    manifest.pop("status", None)
    name, namespace = manifest["metadata"]["name"], manifest["metadata"]["namespace"]
    manifest["metadata"] = {"name": name, "namespace": namespace}
    return manifest


SCENARIOS: Final = (
    Scenario(specs_are_checked_without_asking_anybody),
    Scenario(the_look_before_finds_what_is_missing_and_changes_nothing),
    Scenario(what_is_left_of_a_cluster_is_found),
    Scenario(manifests_are_made_for_the_cloud_that_is_named),
)
