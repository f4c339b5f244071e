"""Hold what roles allow against what was asked for, as an API server's audit log tells."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

FORBIDDEN = 403
JsonObject = dict[str, Any]


class Right(NamedTuple):
    """One verb on one resource, with its subresource behind a slash."""

    group: str
    resource: str
    verb: str


class Asked(NamedTuple):
    """One request that had to be allowed."""

    user: str
    right: Right
    code: int
    message: str


def read_audit(log: Path) -> list[Asked]:
    """Return the requests for resources that the audit log holds, but the one that is being written."""
    lines = log.read_text().splitlines()
    return [asked for line in lines if line.endswith("}") for asked in _asked(json.loads(line))]


def _asked(event: JsonObject) -> Iterator[Asked]:
    target, status = event.get("objectRef"), event.get("responseStatus") or {}
    if target:
        resource = "/".join(part for part in (target["resource"], target.get("subresource")) if part)
        right = Right(target.get("apiGroup", ""), resource, event["verb"])
        yield Asked(event["user"]["username"], right, status.get("code", 0), status.get("message", ""))


def rights_of(account: str, objects: Iterable[JsonObject]) -> frozenset[Right]:
    """Return what the bindings among `objects` give to the service account, in whatever namespace."""
    listed = list(objects)
    roles = {_name(obj): obj for obj in listed if obj["kind"] in ("ClusterRole", "Role")}
    bound = (obj["roleRef"] for obj in listed if obj["kind"].endswith("Binding") and _binds(obj, account))
    rules = [rule for ref in bound for rule in roles[ref["kind"], ref["name"]]["rules"]]
    return frozenset(
        Right(group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )


def _binds(binding: JsonObject, account: str) -> bool:
    return any(found["kind"] == "ServiceAccount" and found["name"] == account for found in binding.get("subjects", ()))


def _name(obj: Mapping[str, Any]) -> tuple[str, str]:
    return obj["kind"], obj["metadata"]["name"]
