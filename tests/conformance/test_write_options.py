"""The query of a write: what its options may be."""

from typing import Any

import pytest
from tests.conformance.comparing import invalid, told
from tests.conformance.statuses import failure
from tests.raw_api import Api, Reply

MERGE = "application/merge-patch+json"
WRONG = {
    "a long manager": (
        f"fieldManager={'a' * 129}",
        ("fieldManager", "TooLong", "Too long: may not be more than 128 bytes"),
    ),
    "a manager that cannot be printed": (
        "fieldManager=%C3%A4%01",
        ("fieldManager", "Invalid", 'Invalid value: "ä\\x01": invalid character U+0001 (at position 2)'),
    ),
    "an unknown dry run": (
        "dryRun=x",
        ("dryRun", "NotSupported", 'Unsupported value: ["x"]: supported values: "All"'),
    ),
}


async def write(api: Api, method: str, maps: str, query: str) -> Reply:
    path = maps if method == "POST" else f"{maps}/a"
    type_ = MERGE if method == "PATCH" else "application/json"
    return await api(method, f"{path}?{query}", {"metadata": {"name": "a"}}, type_=type_)


@pytest.mark.parametrize(("query", "cause"), WRONG.values(), ids=WRONG)
async def test_wrong_options_are_refused(api: Api, namespace: str, query: str, cause: Any) -> None:
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    await api.create(maps, {"metadata": {"name": "a"}})

    found = [told(await write(api, method, maps, query)) for method in ("POST", "PUT", "PATCH")]

    kinds = [f"{kind}Options.meta.k8s.io" for kind in ("Create", "Update", "Patch")]
    assert found == [invalid(kind, "", cause) for kind in kinds]


async def test_only_an_apply_is_forced(api: Api, namespace: str) -> None:
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    await api.create(maps, {"metadata": {"name": "a"}})

    patched = await write(api, "PATCH", maps, "force=true")
    put = await write(api, "PUT", maps, "force=true")

    cause = ("force", "Forbidden", "Forbidden: may not be specified for non-apply patch")
    assert told(patched) == invalid("PatchOptions.meta.k8s.io", "", cause)
    assert put.status == 200


async def test_a_token_is_asked_for_in_the_form_of_its_kind(api: Api, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/default/token"

    reply = await api("POST", path, {"spec": {"audiences": 5}})

    assert told(reply) == failure(
        400,
        "BadRequest",
        'TokenRequest in version "v1" cannot be handled as a TokenRequest: json: cannot unmarshal number into Go struct'
        " field TokenRequestSpec.spec.audiences of type []string",
    )
