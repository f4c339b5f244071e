"""What a value of a custom object must be under its schema, what is pruned of it and what is filled in."""

import asyncio
import json
from typing import Any

import pytest
from tests.conformance.custom import (
    CASES,
    DEFINITIONS,
    definition,
    in_any_order,
    invalid,
    load_cases,
    thing,
    warnings_of,
)
from tests.definitions import established
from tests.raw_api import Api, Reply


@pytest.mark.parametrize("subject", ["values", "formats"])
async def test_a_value_is_stored_or_refused_word_for_word(api: Api, group: str, subject: str) -> None:
    cases = load_cases(CASES / f"{subject}.yaml", group)
    properties = {f"f{index}": case["schema"] for index, case in enumerate(cases)}
    spec = {"type": "object", "properties": properties}
    await api.create(DEFINITIONS, definition(group, {"type": "object", "properties": {"spec": spec}}))
    await established(api, f"things.{group}")
    asked = {
        (case["case"], json.dumps(tried["value"])): (f"f{index}", f"t{index}-{number}", tried)
        for index, case in enumerate(cases)
        for number, tried in enumerate(case["values"])
    }

    async def ask(property_name: str, name: str, tried: dict[str, Any]) -> Reply:
        made = thing(group, name, spec={property_name: tried["value"]})
        return await api("POST", f"/apis/{group}/v1/namespaces/default/things", made)

    replies = await asyncio.gather(*(ask(*row) for row in asked.values()))

    found = {key: told(reply, asked[key][0]) for key, reply in zip(asked, replies, strict=True)}
    wanted = {key: expected(group, name, tried) for key, (_, name, tried) in asked.items()}
    # Only what differs: a diff of everything takes minutes.
    differing = [key for key in asked if found[key] != wanted[key]]
    assert [found[key] for key in differing[:3]] == [wanted[key] for key in differing[:3]]


def told(reply: Reply, property_name: str) -> Any:
    """Return what a reply says of `spec.x`, under whatever name the property had."""
    if reply.status == 201:
        warnings = [text.replace(f"spec.{property_name}", "spec.x") for text in warnings_of(reply)]
        return (
            reply.status,
            {("x" if key == property_name else key): v for key, v in reply.body["spec"].items()},
            warnings,
        )
    return reply.status, in_any_order(json.loads(json.dumps(reply.body).replace(f"spec.{property_name}", "spec.x")))


def expected(group: str, name: str, tried: dict[str, Any]) -> Any:
    """Return what a server should say of a value that was tried."""
    if "causes" in tried:
        return 422, in_any_order(invalid(f"Thing.{group}", name, tried["causes"]))
    stored = {} if "dropped" in tried else {"x": tried["stored"]}
    return 201, stored, sorted(tried.get("warnings", ()))
