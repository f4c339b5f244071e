"""Make custom kinds, and say what a server should answer about them."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from tests.raw_api import Reply

CASES = Path(__file__).parent / "cases"
"""What both servers do, one YAML file a subject."""
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SPEC_WITH_TEXT = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"a": {"type": "string"}}}}}


def load_cases(file: Path, group: str) -> list[dict[str, Any]]:
    """Return the cases of a file; `GROUP` in it stands for a group of the test's own."""
    cases: list[dict[str, Any]] = yaml.safe_load(file.read_text().replace("GROUP", group))
    return cases


def definition(group: str, schema: Any = None, **version: Any) -> dict[str, Any]:
    """Return a definition of Things in `group`, in one version."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": deepcopy(schema if schema is not None else SPEC_WITH_TEXT)},
                    **version,
                }
            ],
        },
    }


def definition_of(case: dict[str, Any], group: str) -> dict[str, Any]:
    """Return the definition of Things with what a case changes.

    `schema` is its schema, `property` that of a property x, `second` makes a second version that differs from the
    first so, `version` and `definition` are merge patches.
    """
    made: dict[str, Any] = json.loads(json.dumps(definition(group)))
    version = made["spec"]["versions"][0]
    if "schema" in case:
        version["schema"]["openAPIV3Schema"] = case["schema"]
    if "property" in case:
        version["schema"]["openAPIV3Schema"]["properties"]["x"] = case["property"]
    if "second" in case:
        other = merged(version, {"name": "v2", "storage": False})
        made["spec"]["versions"].append({**other, **case["second"]})
        made["spec"]["versions"][1] = {
            key: value for key, value in made["spec"]["versions"][1].items() if value is not None
        }
    made["spec"]["versions"][0] = merged(version, case.get("version", {}))
    return merged(made, case.get("definition", {}))


def merged(value: Any, patch: Any) -> Any:
    """Return `value` with a merge patch applied."""
    if not isinstance(patch, dict) or not isinstance(value, dict):
        return patch
    found = {key: merged(value.get(key), member) for key, member in patch.items() if member is not None}
    kept = {key: member for key, member in value.items() if key not in patch}
    return kept | found


def thing(group: str, name: str, **fields: Any) -> dict[str, Any]:
    """Return a Thing of version v1."""
    return {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": name}, **fields}


def invalid(qualified_kind: str, name: str, causes: list[dict[str, str]]) -> dict[str, Any]:
    """Return the whole Status that refuses an object for `causes`: dictionaries of field, reason and message.

    Its message has each of them once, its details have all.
    """
    kind, _, group = qualified_kind.partition(".")
    listed = list(dict.fromkeys(f"{cause['field']}: {cause['message']}" for cause in causes))
    body = listed[0] if len(listed) == 1 else f"[{', '.join(listed)}]"
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f'{qualified_kind} "{name}" is invalid: {body}',
        "reason": "Invalid",
        "details": {"name": name, "group": group, "kind": kind, "causes": causes},
        "code": 422,
    }


def in_any_order(body: Any) -> Any:
    """Return a Status with its causes, and what its message says of them, in one order.

    kube-apiserver goes through the properties of a schema in a new order each time.
    """
    causes = body.get("details", {}).get("causes") if isinstance(body, dict) else None
    if not causes:
        return body
    ordered = sorted(causes, key=lambda cause: (cause["field"], cause["message"]))
    as_sent = ", ".join(f"{cause['field']}: {cause['message']}" for cause in causes)
    in_order = ", ".join(f"{cause['field']}: {cause['message']}" for cause in ordered)
    details = {**body["details"], "causes": ordered}
    return {**body, "details": details, "message": body["message"].replace(as_sent, in_order)}


def own_part(obj: Any) -> Any:
    """Return an object without what the server alone sets: uid, revision, times, managed fields."""
    unset = ("uid", "resourceVersion", "creationTimestamp", "managedFields")
    return obj | {"metadata": {key: value for key, value in obj["metadata"].items() if key not in unset}}


def without_times(status: Any) -> Any:
    """Return the status of a definition without the times of its conditions, which are in no order of their own."""
    conditions = [
        {key: value for key, value in condition.items() if key != "lastTransitionTime"}
        for condition in status["conditions"] or ()
    ]
    return status | {"conditions": sorted(conditions, key=lambda condition: condition["type"])}


def warnings_of(reply: Reply) -> list[str]:
    """Return the texts of the warnings of a reply, in the order of the alphabet."""
    return sorted(text.partition(' - "')[2][:-1].replace('\\"', '"') for text in reply.warnings)
