"""Namespaces: the finalizers of their spec, and the phase that they must be in."""

from typing import Any

from tests.conformance.comparing import invalid, told
from tests.conformance.statuses import NO_METHOD
from tests.raw_api import Api

UNQUALIFIED = "name is neither a standard finalizer name nor is it fully qualified"
MERGE = "application/merge-patch+json"


def with_finalizers(name: str, *finalizers: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"finalizers": list(finalizers)}}


async def test_a_new_namespace_has_the_system_s_finalizer_beside_its_own(api: Api, namespace: str) -> None:
    name = f"{namespace}-more"

    made = await api.create("/api/v1/namespaces", with_finalizers(name, "x.example.com/y"))
    await api("PUT", f"/api/v1/namespaces/{name}/finalize", with_finalizers(name, "kubernetes"))
    await api.delete(f"/api/v1/namespaces/{name}")

    assert made["spec"] == {"finalizers": ["x.example.com/y", "kubernetes"]}


async def test_finalizers_change_by_finalizing_alone(api: Api, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}"

    merged = await api.merge(path, {"spec": {"finalizers": ["x.example.com/y"]}})
    emptied = await api("PUT", f"{path}/finalize", with_finalizers(namespace))
    patched = await api("PATCH", f"{path}/finalize", {}, type_=MERGE)
    restored = await api("PUT", f"{path}/finalize", with_finalizers(namespace, "kubernetes"))

    assert merged["spec"] == {"finalizers": ["kubernetes"]}
    assert (emptied.status, emptied.body["spec"]) == (200, {})
    assert told(patched) == NO_METHOD
    assert restored.body["spec"] == {"finalizers": ["kubernetes"]}


async def test_finalizers_need_a_domain(api: Api, namespace: str) -> None:
    wrong = f'Invalid value: "x": {UNQUALIFIED}'

    made = await api("POST", "/api/v1/namespaces", with_finalizers("a", "x"))
    finalized = await api(
        "PUT", f"/api/v1/namespaces/{namespace}/finalize", with_finalizers(namespace, "kubernetes", "x")
    )

    assert told(made) == invalid("Namespace", "a", ("spec.finalizers", "Invalid", wrong))
    assert told(finalized) == invalid("Namespace", namespace, ("spec.finalizers[1]", "Invalid", wrong))


async def test_the_phase_says_whether_a_namespace_ends(api: Api, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}"
    held = f"{path}/configmaps/held"
    await api.create(f"{path}/configmaps", {"metadata": {"name": "held", "finalizers": ["x.example.com/y"]}})

    async def set_phase(status: Any) -> Any:
        return await api("PATCH", f"{path}/status", {"status": status}, type_=MERGE)

    empty = await set_phase(None)
    wrong = await set_phase({"phase": "Nope"})
    await api.delete(path)
    alive = await set_phase({"phase": "Active"})
    ending = await set_phase({"phase": "Terminating"})
    await api.merge(held, {"metadata": {"finalizers": None}})

    def refused(phase: str, why: str) -> Any:
        return invalid("Namespace", namespace, ("status.Phase", "Invalid", f'Invalid value: "{phase}": {why}'))

    assert empty.body["status"] == {"phase": "Active"}
    assert told(wrong) == refused("Nope", "may only be 'Active' if `deletionTimestamp` is empty")
    assert told(alive) == refused("Active", "may only be 'Terminating' if `deletionTimestamp` is not empty")
    assert ending.body["status"]["phase"] == "Terminating"
