"""What a definition must say, and how it is stored."""

import asyncio
from typing import Any

import pytest
from tests.conformance.custom import (
    CASES,
    DEFINITIONS,
    definition,
    definition_of,
    in_any_order,
    invalid,
    load_cases,
    own_part,
    warnings_of,
)
from tests.definitions import established, reaches
from tests.raw_api import Api

KIND = "CustomResourceDefinition.apiextensions.k8s.io"
SUBJECTS = sorted(file.stem for file in (CASES / "definitions").iterdir())


@pytest.mark.parametrize("subject", SUBJECTS)
async def test_a_wrong_definition_is_refused_word_for_word(api: Api, group: str, subject: str) -> None:
    cases = load_cases(CASES / "definitions" / f"{subject}.yaml", group)

    replies = {case["case"]: await api("POST", DEFINITIONS, definition_of(case, group)) for case in cases}

    names = {case["case"]: definition_of(case, group)["metadata"]["name"] for case in cases}
    expected = {case["case"]: in_any_order(invalid(KIND, names[case["case"]], case["causes"])) for case in cases}
    assert {name: in_any_order(reply.body) for name, reply in replies.items()} == expected
    assert {reply.status for reply in replies.values()} == {422}


async def test_a_definition_is_stored_with_its_defaults_and_without_what_says_nothing(api: Api, group: str) -> None:
    # A group for each: two definitions cannot have one name.
    first = group.partition(".")[0]
    for index, case in enumerate(load_cases(CASES / "definitions_accepted.yaml", "GROUP")):
        own = f"{first}-{index}"
        named = load_case(case, own)

        reply = await api("POST", DEFINITIONS, definition_of(named, f"{own}.example.com"))

        assert reply.status == 201, (case["case"], reply.body)
        assert own_part(reply.body)["spec"] == named["spec"], case["case"]
        assert reply.body["status"] == {
            "conditions": None,
            "acceptedNames": {"plural": "", "kind": ""},
            "storedVersions": ["v1"],
        }, case["case"]
        assert warnings_of(reply) == sorted(named.get("warnings", ())), case["case"]
        await api.delete(f"{DEFINITIONS}/{reply.body['metadata']['name']}")


def load_case(case: dict[str, Any], own: str) -> dict[str, Any]:
    """Return an accepted case with a group of its own instead of the one in the file."""

    def replace(value: Any) -> Any:
        match value:
            case str():
                return value.replace("GROUP.k8s.io", f"{own}.k8s.io").replace("GROUP", f"{own}.example.com")
            case dict():
                return {key: replace(member) for key, member in value.items()}
            case list():
                return [replace(item) for item in value]
            case _:
                return value

    found: dict[str, Any] = replace(case)
    return found


async def test_scope_and_kind_stay_once_established_and_group_and_plural_always(api: Api, group: str) -> None:
    name = f"things.{group}"
    await api.create(DEFINITIONS, definition(group))
    await established(api, name)

    reply = await api(
        "PATCH",
        f"{DEFINITIONS}/{name}",
        {"spec": {"group": "other.example.com", "scope": "Cluster", "names": {"plural": "others", "kind": "Other"}}},
        type_="application/merge-patch+json",
    )

    changes = {"scope": "Cluster", "names.kind": "Other", "group": "other.example.com", "names.plural": "others"}
    causes = [
        {
            "field": f"spec.{field}",
            "reason": "FieldValueInvalid",
            "message": f'Invalid value: "{value}": field is immutable',
        }
        for field, value in changes.items()
    ]
    assert (reply.status, reply.body) == (422, invalid(KIND, name, causes))


async def test_a_version_that_was_stored_must_stay_until_it_is_struck_off(api: Api, group: str) -> None:
    name = f"things.{group}"
    both = definition_of({"second": {}}, group)
    await api.create(DEFINITIONS, both)
    await established(api, name)
    path = f"{DEFINITIONS}/{name}"
    for version, is_storage in zip(both["spec"]["versions"], (False, True), strict=True):
        version["storage"] = is_storage

    moved = await api.merge(path, {"spec": {"versions": both["spec"]["versions"]}})
    refused = await api(
        "PATCH", path, {"spec": {"versions": both["spec"]["versions"][1:]}}, type_="application/merge-patch+json"
    )
    await api.merge(f"{path}/status", {"status": {"storedVersions": ["v2"]}})
    left = await api.merge(path, {"spec": {"versions": both["spec"]["versions"][1:]}})

    assert moved["status"]["storedVersions"] == ["v1", "v2"]
    words = (
        'Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in'
        " spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from"
        " status.storedVersions"
    )
    cause = {"field": "status.storedVersions[0]", "reason": "FieldValueInvalid", "message": words}
    assert (refused.status, refused.body) == (422, invalid(KIND, name, [cause]))
    assert [version["name"] for version in left["spec"]["versions"]] == ["v2"]
    assert left["status"]["storedVersions"] == ["v2"]


async def test_an_approval_may_be_bypassed_and_the_condition_says_so(api: Api, group: str) -> None:
    protected = f"{group.partition('.')[0]}.k8s.io"
    for approval, status, reason, message in (
        ("unapproved, for a test", "False", "UnapprovedAnnotation", 'not approved: "unapproved, for a test"'),
        ("https://example.com/1", "True", "ApprovedAnnotation", "approved in https://example.com/1"),
    ):
        made = definition(protected)
        made["metadata"]["annotations"] = {"api-approved.kubernetes.io": approval}
        await api.create(DEFINITIONS, made)
        found = await reaches(api, f"things.{protected}", KubernetesAPIApprovalPolicyConformant=status)
        condition = next(item for item in found["status"]["conditions"] if item["type"].startswith("Kubernetes"))
        assert (condition["reason"], condition["message"]) == (reason, message)
        await api.delete(f"{DEFINITIONS}/things.{protected}")
        await asyncio.wait_for(api.gone(f"{DEFINITIONS}/things.{protected}"), 20)
