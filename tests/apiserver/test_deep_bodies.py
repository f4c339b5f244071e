"""A body that is nested too deeply is refused: the server neither fails nor stores what it cannot read again."""

import json

import pytest
from tests.apiserver.conftest import Api
from tests.apiserver.widgets import widget

PODS = "/api/v1/namespaces/default/pods"
DEFAULT = "/api/v1/namespaces/default"
POD = b'{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}],"affinity":%s}}'


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize("levels", [500, 900, 100_000])
@pytest.mark.parametrize(
    ("method", "path", "form", "type_"),
    [
        ("POST", PODS, POD, "application/json"),
        ("POST", PODS, POD, "application/yaml"),
        ("PATCH", DEFAULT, b'{"spec":%s}', "application/merge-patch+json"),
        ("PATCH", DEFAULT, b'{"spec":%s}', "application/strategic-merge-patch+json"),
        ("PATCH", DEFAULT, b'[{"op":"add","path":"/spec/x","value":%s}]', "application/json-patch+json"),
    ],
    ids=["json", "yaml", "merge", "strategic", "json-patch"],
)
async def test_a_deep_body_is_refused(api: Api, method: str, path: str, form: bytes, type_: str, levels: int) -> None:
    reply = await api(method, path, form % nested(levels), type_=type_)

    assert reply.status == 400, reply.body
    assert (await api("GET", "/healthz")).status == 200


async def test_patch_upon_patch_ends_at_the_same_depth(api: Api, widgets: str) -> None:
    await api.create(widgets, widget("n") | {"spec": {"size": 1, "free": {}}})
    statuses = []
    for step in range(3):
        leaf = "/spec/free/a" + "/a" * 89 * step
        patch = [{"op": "add", "path": leaf, "value": json.loads(nested(89))}]
        statuses.append((await api("PATCH", f"{widgets}/n", patch, type_="application/json-patch+json")).status)

    assert statuses == [200, 200, 400]
