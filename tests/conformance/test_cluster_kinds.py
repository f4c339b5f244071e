"""The kinds of cluster.k8s.io are the same on either server: what is filled in, refused, shown and scaled."""

import asyncio
from typing import Any

import pytest
from tests.api.cluster_kinds import ACCEPTED, CHANGES, GOOD, REFUSED, a_machine_deployment, a_machine_set, changed
from tests.kubectl import Kubectl
from tests.raw_api import Api

from kubecapy.api.cluster.v1alpha1 import MACHINE_DEPLOYMENTS, MACHINE_SETS
from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
LOOKED_AT_FOR_SCALE = ".spec.replicas: "
"""How a server begins what it says of replicas beside the schema, where the kind can be scaled."""
PLURALS = {crd["spec"]["names"]["kind"]: crd["spec"]["names"]["plural"] for crd in custom_resource_definitions()}


@pytest.fixture
async def kinds(api: Api) -> Api:
    """Serve the five kinds; on the real server, which all tests share, they may be there already."""
    for crd in custom_resource_definitions():
        reply = await api("POST", DEFINITIONS, crd)
        assert reply.status in (201, 409), reply.body
    async with asyncio.timeout(30):
        for crd in custom_resource_definitions():
            while not is_established(await api.get(f"{DEFINITIONS}/{crd['metadata']['name']}")):
                await asyncio.sleep(0.02)
        while (await api("GET", "/apis/cluster.k8s.io/v1alpha1/machineclasses")).status != 200:
            await asyncio.sleep(0.02)
    return api


def is_established(crd: dict[str, Any]) -> bool:
    conditions = (crd.get("status") or {}).get("conditions") or ()
    return any(found["type"] == "Established" and found["status"] == "True" for found in conditions)


def path_of(obj: dict[str, Any], namespace: str) -> str:
    return f"/apis/{obj['apiVersion']}/namespaces/{namespace}/{PLURALS[obj['kind']]}"


def causes(body: dict[str, Any]) -> list[str]:
    return sorted(f"{cause['field']}: {cause['message']}" for cause in body["details"]["causes"])


async def test_all_five_kinds_are_served_with_their_subresources_and_names(kinds: Api) -> None:
    served = (await kinds.get("/apis/cluster.k8s.io/v1alpha1"))["resources"]

    assert {resource["name"] for resource in served} == {
        *("clusters", "clusters/status", "machines", "machines/status", "machineclasses"),
        *("machinesets", "machinesets/status", "machinesets/scale"),
        *("machinedeployments", "machinedeployments/status", "machinedeployments/scale"),
    }
    short = {resource["name"]: resource["shortNames"] for resource in served if "/" not in resource["name"]}
    assert short == {
        "clusters": ["cl"],
        "machines": ["ma"],
        "machinesets": ["ms"],
        "machinedeployments": ["md"],
        "machineclasses": ["mc"],
    }


@pytest.mark.parametrize("obj", ACCEPTED)
async def test_a_good_object_is_stored(kinds: Api, namespace: str, obj: dict[str, Any]) -> None:
    stored = await kinds.create(path_of(obj, namespace), obj)

    assert {name: stored["spec"][name] for name in obj.get("spec", {}) if name != "strategy"} == {
        name: value for name, value in obj.get("spec", {}).items() if name != "strategy"
    }


@pytest.mark.parametrize(("obj", "errors"), REFUSED)
async def test_a_wrong_object_is_refused(kinds: Api, namespace: str, obj: dict[str, Any], errors: list[str]) -> None:
    reply = await kinds("POST", path_of(obj, namespace), obj)

    assert (reply.status, reply.body["reason"]) == (422, "Invalid")
    said = [cause for cause in causes(reply.body) if not cause.startswith(LOOKED_AT_FOR_SCALE)]
    assert said == sorted(errors)


@pytest.mark.parametrize(("before", "after", "errors"), CHANGES)
async def test_a_change_is_judged_by_what_was_before(
    kinds: Api, namespace: str, before: dict[str, Any], after: dict[str, Any], errors: list[str]
) -> None:
    stored = await kinds.create(path_of(before, namespace), before)

    reply = await kinds(
        "PUT", f"{path_of(before, namespace)}/{before['metadata']['name']}", {**stored, "spec": after["spec"]}
    )

    assert reply.status == (422 if errors else 200), reply.body
    assert not errors or causes(reply.body) == errors


@pytest.mark.parametrize("kind", ["MachineSet", "MachineDeployment"])
async def test_defaults_are_stored(kinds: Api, namespace: str, kind: str) -> None:
    stored = await kinds.create(path_of(GOOD[kind], namespace), GOOD[kind])

    filled = {name: value for name, value in stored["spec"].items() if name not in GOOD[kind]["spec"]}
    common = {"replicas": 1, "minReadySeconds": 0}
    assert filled == (
        {**common, "deletePolicy": "Random"}
        if kind == "MachineSet"
        else {
            **common,
            "revisionHistoryLimit": 1,
            "progressDeadlineSeconds": 600,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        }
    )


@pytest.mark.parametrize(
    ("resource", "obj"),
    [(MACHINE_SETS, a_machine_set()), (MACHINE_DEPLOYMENTS, a_machine_deployment())],
    ids=["MachineSet", "MachineDeployment"],
)
async def test_the_scale_has_a_selector_and_sets_the_replicas(
    kinds: Api, namespace: str, resource: Any, obj: dict[str, Any]
) -> None:
    path = f"{path_of(obj, namespace)}/{obj['metadata']['name']}"
    await kinds.create(path_of(obj, namespace), obj)
    await kinds.merge(f"{path}/status", {"status": {"replicas": 2, "labelSelector": "set=node"}})

    scale = await kinds.get(f"{path}/scale")
    await kinds.merge(f"{path}/scale", {"spec": {"replicas": 3}})

    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert (scale["spec"], scale["status"]) == ({"replicas": 1}, {"replicas": 2, "selector": "set=node"})
    assert (await kinds.get(path))["spec"]["replicas"] == 3


async def test_a_status_of_a_set_without_its_number_of_machines_is_refused(kinds: Api, namespace: str) -> None:
    obj = a_machine_set()
    path = f"{path_of(obj, namespace)}/{obj['metadata']['name']}"
    await kinds.create(path_of(obj, namespace), obj)

    reply = await kinds(
        "PATCH", f"{path}/status", {"status": {"readyReplicas": 1}}, type_="application/merge-patch+json"
    )

    assert reply.status == 422
    assert causes(reply.body)[0] == (
        "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; "
        "correct the existing errors to complete validation"
    )
    assert causes(reply.body)[1] == "status.replicas: Required value"


@pytest.mark.parametrize(
    ("kind", "status", "row"),
    [
        ("cl", {"phase": "Provisioned"}, [["NAME", "PHASE", "AGE"], ["test1", "Provisioned"]]),
        ("ma", {"phase": "Running"}, [["NAME", "PHASE", "AGE"], ["m-0", "Running"]]),
        (
            "ms",
            {"replicas": 3, "readyReplicas": 2, "availableReplicas": 1},
            [["NAME", "DESIRED", "REPLICAS", "READY", "AVAILABLE", "AGE"], ["workers", "1", "3", "2", "1"]],
        ),
        (
            "md",
            {"replicas": 4, "updatedReplicas": 3, "readyReplicas": 2, "availableReplicas": 1},
            [
                ["NAME", "DESIRED", "REPLICAS", "UPDATED", "READY", "AVAILABLE", "AGE"],
                ["workers", "1", "4", "3", "2", "1"],
            ],
        ),
        ("mc", None, [["NAME", "PROVIDER-KIND", "AGE"], ["small", "OpenstackProviderSpec"]]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_kubectl_shows_each_kind_by_its_short_name(
    kinds: Api, namespace: str, kubectl: Kubectl, kind: str, status: dict[str, Any] | None, row: list[list[str]]
) -> None:
    (obj,) = (GOOD[crd["spec"]["names"]["kind"]] for crd in custom_resource_definitions() if kind in short_names(crd))
    path = path_of(obj, namespace)
    await kinds.create(path, obj)
    if status is not None:
        await kinds.merge(f"{path}/{obj['metadata']['name']}/status", {"status": status})

    rows = (await kubectl.run("get", kind)).rows

    assert rows[0] == row[0]
    assert rows[1][:-1] == row[1]


def short_names(crd: dict[str, Any]) -> list[str]:
    return crd["spec"]["names"]["shortNames"]


async def test_kubectl_scales_and_explains(kinds: Api, namespace: str, kubectl: Kubectl) -> None:
    await kinds.create(path_of(a_machine_set(), namespace), changed(a_machine_set(), "spec.replicas", 2))

    scaled = await kubectl("scale", "machineset/workers", "--replicas=5")
    explained = await kubectl("explain", "machinedeployment.spec.strategy.rollingUpdate.maxSurge")

    assert scaled == "machineset.cluster.k8s.io/workers scaled"
    assert await kubectl("get", "ms", "workers", "-o", "jsonpath={.spec.replicas}") == "5"
    assert "rounded up" in " ".join(explained.split())
