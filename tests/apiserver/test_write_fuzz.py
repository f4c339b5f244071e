"""Spoiled objects at every endpoint that writes: never a 5xx, never a stack trace, and the server still serves."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from tests.apiserver.conftest import Api
from tests.apiserver.right_objects import RIGHT, WORDS, name_of

MERGE, JSON = "application/merge-patch+json", "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
ACTIONS = ("scale", "approval", "binding", "finalize", "token")
"""Subresources that are no part of the object; most kinds have none of them."""
ODD = (
    *(None, True, 0, -1, 1.5, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**40, 1e308, -0.0),
    *("", "\x00", "\U0001f600", "e\u0301\u202e", "a" * 300, "a/b/c", "..", "9999-99-99T00:00:00Z"),
    *([], {}, [None], [[]], [{}], ["x"], {"": None}, {"x": "y"}, {"$patch": "merge"}, [{"$patch": "delete"}]),
)
NO_NUMBERS = ("NaN", "Infinity", "1e999", "-", "01", "1.00000000000000000000001", '"\\ud800"', '"\\u0000"', "0x1")
OPTIONS = {
    "kind": "DeleteOptions",
    "apiVersion": "v1",
    "gracePeriodSeconds": 0,
    "propagationPolicy": "Orphan",
    "preconditions": {"uid": "x", "resourceVersion": "1"},
    "dryRun": ["All"],
    "orphanDependents": None,
}
SCALE = {
    "metadata": {"name": "right"},
    "spec": {"replicas": 1, "audiences": ["x"], "expirationSeconds": 600},
    "target": {"name": "n"},
}


class Spoiler:
    """Spoils right objects, the same way each time for one seed."""

    def __init__(self, seed: int) -> None:
        """Choose by `seed`."""
        self._random = Random(seed)

    def spoil(self, value: Any) -> Any:
        """Return `value` with one place left out, doubled, or put another thing in."""
        choice = self._random.random()
        if isinstance(value, dict) and value and choice < 0.85:
            name = self._random.choice(sorted(value))
            if choice < 0.1:
                return {key: item for key, item in value.items() if key != name}
            if choice < 0.2:
                return {**value, self._random.choice(WORDS): self._odd()}
            return {**value, name: self.spoil(value[name])}
        if isinstance(value, list) and value and choice < 0.85:
            place = self._random.randrange(len(value))
            if choice < 0.1:
                return [*value, value[place]]
            return [*value[:place], self.spoil(value[place]), *value[place + 1 :]]
        return self._odd()

    def operations(self, value: Any) -> list[Any]:
        """Return operations of a JSON patch of which most fit `value`."""
        known = [*_pointers(value)]
        operations = []
        for _ in range(self._random.randint(1, 3)):
            operation = {
                "op": self._random.choice(("add", "replace", "remove", "move", "copy", "test", "x", None)),
                "path": self._random.choice((*known, "/-", "", "x", None, 5)),
                "from": self._random.choice(known),
                "value": self._odd(),
            }
            operations.append({key: item for key, item in operation.items() if self._random.random() < 0.93})
        return operations

    def text(self, value: Any) -> bytes:
        """Return `value` as a text in which the first 1 is something else, JSON or not."""
        return json.dumps(value).replace("1", self._random.choice(NO_NUMBERS), 1).encode()

    def _odd(self) -> Any:
        if self._random.random() > 0.05:
            return self._random.choice(ODD)
        deep: Any = 1
        for _ in range(self._random.choice((60, 200))):
            deep = [deep] if self._random.random() < 0.5 else {"a": deep}
        return deep


@pytest.mark.parametrize("seed", range(3))
async def test_spoiled_objects_never_make_the_server_fail(api: Api, widgets: str, seed: int) -> None:
    spoiler = Spoiler(seed)
    failures = []

    async def send(method: str, path: str, body: Any, type_: str = "application/json") -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        reply = await api(method, path, data, type_=type_)
        if (reply.status >= 500 and not is_as_upstream(reply.status, reply.body)) or "Traceback" in str(reply.body):
            failures.append((method, path, type_, data, reply.body))

    for path, right in RIGHT.items():
        one = f"{path}/{name_of(path)}"
        made = await api("POST", path, right)
        assert made.status == 201, made.body
        spoiled = spoiler.spoil(spoiler.spoil(right))
        for part in ("", "/status", *(f"/{action}" for action in ACTIONS)):
            if part.strip("/") in ACTIONS:
                await send("POST", one + part, spoiler.spoil(SCALE))
                spoiled = spoiler.spoil(SCALE)
            await send("PUT", one + part, spoiled)
            await send("PATCH", one + part, spoiled, MERGE)
            await send("PATCH", one + part, spoiled, STRATEGIC)
            await send("PATCH", one + part, spoiler.operations(right), JSON)
        await send("DELETE", one, spoiler.spoil(OPTIONS))
        await send("DELETE", path, spoiler.spoil(OPTIONS))
        await send("POST", path, spoiler.spoil(right))
        for type_ in ("application/json", "application/yaml"):
            await send("POST", path, spoiler.text(right), type_)
        assert (await api("GET", path, accept=TABLE)).status in (200, 405)
        await api("PATCH", one, {"metadata": {"finalizers": None}}, type_=MERGE)
        await api("DELETE", one, {"gracePeriodSeconds": 0})

    assert failures == []


def is_as_upstream(status: int, body: Any) -> bool:
    """Return whether a reply is a 500 without a reason: so kube-apiserver itself answers some strategic patches."""
    return status == 500 and isinstance(body, dict) and "reason" not in body


def _pointers(value: Any, path: str = "") -> Iterator[str]:
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        step = str(name).replace("~", "~0").replace("/", "~1")
        yield from _pointers(member, f"{path}/{step}")
