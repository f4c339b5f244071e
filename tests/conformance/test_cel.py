"""What rules in the Common Expression Language say of custom objects, word for word."""

import asyncio
import json
import re
from typing import Any

import pytest
import yaml
from tests.conformance.custom import CASES, DEFINITIONS, definition, in_any_order, invalid, load_cases, thing
from tests.definitions import established
from tests.raw_api import Api, Reply

SUBJECTS = ("rules", "libraries", "language", "transitions")
COSTS = yaml.safe_load((CASES / "cel" / "costs.yaml").read_text())
_SCHEMA = "spec.validation.openAPIV3Schema"
_SAID = {"rule": "says", "messageExpression": "saysOfMessage", "optionalOldSelf": "saysOfOption"}
"""How the cases call what is said of a field of a rule."""


async def test_rules_that_do_not_compile_refuse_their_definition(api: Api, group: str) -> None:
    cases = load_compiled()
    rules = [without(case, *_SAID.values()) for case in cases["refused"]]

    reply = await api("POST", DEFINITIONS, definition(group, schema_with(cases["schema"], rules)))

    assert reply.status == 422, reply.body
    expected = [only(case, *_SAID.values()) for case in cases["refused"]]
    found = sayings(reply.body["details"]["causes"], len(expected))
    assert found == expected


async def test_rules_that_compile_are_taken(api: Api, group: str) -> None:
    cases = load_compiled()
    rules = [{"rule": rule} for rule in cases["accepted"]]

    reply = await api("POST", DEFINITIONS, definition(group, schema_with(cases["schema"], rules)))

    assert reply.status == 201, reply.body


@pytest.mark.parametrize("case", COSTS, ids=[case["case"] for case in COSTS])
async def test_rules_that_could_cost_too_much_refuse_their_definition(
    api: Api, group: str, case: dict[str, Any]
) -> None:
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"x": case["schema"]}}}}

    reply = await api("POST", DEFINITIONS, definition(group, schema))

    causes = reply.body["details"]["causes"] if reply.status == 422 else []
    told = [f"{cause['field'].removeprefix(_SCHEMA)}: {cause['message'].partition(' (try')[0]}" for cause in causes]
    assert sorted(told) == case["told"]
    assert reply.status == (422 if told else 201), reply.body


def load_compiled() -> dict[str, Any]:
    """Return the cases of rules that compile, and of such that do not."""
    cases: dict[str, Any] = yaml.safe_load((CASES / "cel" / "compiled.yaml").read_text())
    return cases


def schema_with(schema: dict[str, Any], rules: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a schema that has a property of `schema` for each rule."""
    properties = {f"f{index}": {**schema, "x-kubernetes-validations": [rule]} for index, rule in enumerate(rules)}
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}


def sayings(causes: list[dict[str, str]], count: int) -> list[dict[str, str]]:
    """Return what is said of each rule, without the value that it is said of and numbers that are made up."""
    found: list[dict[str, str]] = [{} for _ in range(count)]
    for cause in causes:
        index, field = re.findall(r"\[f(\d+)\]\.x-kubernetes-validations\[0\]\.(\w+)$", cause["field"])[0]
        said = re.sub(r"^Invalid value: (\{.*?\}|true|false): ", "", cause["message"], count=1)
        found[int(index)][_SAID[field]] = re.sub(r"selfType\d+", "selfTypeN", said)
    return found


def only(case: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in case.items() if name in names}


def without(case: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in case.items() if name not in names}


@pytest.mark.parametrize("subject", SUBJECTS)
async def test_a_rule_lets_a_value_pass_or_says_what_is_wrong(api: Api, group: str, subject: str) -> None:
    cases = load_cases(CASES / "cel" / f"{subject}.yaml", group)
    await api.create(DEFINITIONS, definition(group, schema_of(cases)))
    await established(api, f"things.{group}")
    tries = [(index, tried) for index, case in enumerate(cases) for tried in case["values"]]

    replies = await asyncio.gather(*(ask(api, group, f"t{n}", *tried) for n, tried in enumerate(tries)))

    differing = [
        f"{tried}: {found}"
        for n, ((index, tried), reply) in enumerate(zip(tries, replies, strict=True))
        if (found := told(reply, index)) != wanted(group, f"t{n}", tried)
    ]
    assert not differing, "\n".join(differing)


def schema_of(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a schema with a property `spec.f0`, `spec.f1` and so on for each case."""
    properties = {f"f{index}": property_of(case) for index, case in enumerate(cases)}
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}


def property_of(case: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a case with its rules, each a text or the whole of a rule."""
    rules = [{"rule": rule} if isinstance(rule, str) else rule for rule in case["rules"]]
    return {**case["schema"], "x-kubernetes-validations": rules}


async def ask(api: Api, group: str, name: str, index: int, tried: dict[str, Any]) -> Reply:
    """Write a value: over what was there before where the case says so."""
    path = f"/apis/{group}/v1/namespaces/default/things"
    if "before" not in tried:
        return await api("POST", path, thing(group, name, spec={f"f{index}": tried["value"]}))
    made = await api.create(path, thing(group, name, spec={f"f{index}": tried["before"]}))
    return await api("PUT", f"{path}/{name}", {**made, "spec": {f"f{index}": tried["value"]}})


def told(reply: Reply, index: int) -> Any:
    """Return what a reply says of `spec.x`, under whatever name the property had: None where it was stored."""
    if reply.status in (200, 201):
        return None
    return in_any_order(json.loads(json.dumps(reply.body).replace(f"spec.f{index}", "spec.x")))


def wanted(group: str, name: str, tried: dict[str, Any]) -> Any:
    """Return what a server should say: `causes` are messages at spec.x, or pairs of a field and a message."""
    causes = [cause if isinstance(cause, dict) else {"message": cause} for cause in tried.get("causes", ())]
    if not causes:
        return None
    whole = [{"reason": "FieldValueInvalid", "field": "spec.x", **cause} for cause in causes]
    return in_any_order(invalid(f"Thing.{group}", name, whole))
