import json
from random import Random

import pytest

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.clock import SystemClock
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.objects.applying import LAST_APPLIED_ANNOTATION, Applier, plan_change
from kubecapy.clusterctl.objects.discovery import Discovery
from kubecapy.clusterctl.objects.raw_resources import RAW_CONFIG_MAPS, RAW_SECRETS
from kubecapy.local.management import ManagementSettings, open_management


def live(spec: JsonObject, applied: JsonObject) -> JsonObject:
    annotation = json.dumps({"spec": applied})
    return {"metadata": {"annotations": {LAST_APPLIED_ANNOTATION: annotation}}, "spec": spec}


@pytest.mark.parametrize(
    ("held", "applied", "wanted", "patch"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, {"a": 1}, {}),
        ({"a": 1, "b": 2}, {"a": 1}, {"a": 3}, {"spec": {"a": 3}}),
        ({"a": 1, "b": 2}, {"a": 1}, {}, {"spec": {"a": None}}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"x": 1}}, {"a": {}}, {"spec": {"a": {"x": None}}}),
        ({"a": [1, 2]}, {"a": [1, 2]}, {"a": [1]}, {"spec": {"a": [1]}}),
        ({"a": {"x": 1}}, {}, {"a": {"z": 3}}, {"spec": {"a": {"z": 3}}}),
    ],
    ids=["others-stay", "changed", "removed", "removed-below", "lists-replaced", "added-below"],
)
def test_a_change_touches_what_the_person_wrote_before_or_writes_now(held, applied, wanted, patch) -> None:
    assert plan_change(live(held, applied), {"spec": wanted}) == patch


def test_a_broken_annotation_counts_as_none() -> None:
    obj = {"metadata": {"annotations": {LAST_APPLIED_ANNOTATION: "{"}}, "spec": {"a": 1}}

    assert plan_change(obj, {"spec": {}}) == {}


@pytest.fixture
async def client(tmp_path):
    async with open_management(ManagementSettings(tmp_path, SystemClock(), Random(0))) as management:
        yield management.client


async def test_an_object_is_created_then_left_then_changed(client) -> None:
    applier = Applier(client)
    written = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1", "b": "2"}}
    changed = {**written, "data": {"a": "3"}}

    outcomes = [(await applier.apply(obj)).outcome for obj in (written, written, changed)]

    assert outcomes == ["created", "unchanged", "configured"]
    stored = await client.get(RAW_CONFIG_MAPS, ObjectKey("default", "c"))
    assert stored["data"] == {"a": "3"}


async def test_a_secret_is_not_repeated_in_an_annotation(client) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"password": "cGFzcw=="}}

    applied = await Applier(client).apply(secret)

    assert str(applied) == "secret/s created"
    stored = await client.get(RAW_SECRETS, ObjectKey("default", "s"))
    assert "annotations" not in stored["metadata"]


async def test_a_kind_that_the_server_has_not_is_named(client) -> None:
    obj = {"apiVersion": "cluster.k8s.io/v1alpha1", "kind": "Machine", "metadata": {"name": "m"}}

    with pytest.raises(ClusterctlError, match=r'the server has no kind "Machine" in cluster.k8s.io/v1alpha1'):
        await Applier(client).apply(obj)


@pytest.mark.parametrize("name", ["deploy", "deployment", "deployments", "deployments.apps", "Deployment"])
async def test_a_kind_is_found_by_every_name(client, name: str) -> None:
    found = await Discovery(client).find_by_name(name)

    assert (found.group, found.plural) == ("apps", "deployments")
