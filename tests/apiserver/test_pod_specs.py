"""A pod that is stored can be read by whoever runs it, and none of its files leaves its volume."""

from typing import Any

import pytest
from tests.apiserver.conftest import Api

PODS = "/api/v1/namespaces/default/pods"
CONTAINER = {"name": "c", "image": "i"}


def items(path: str) -> dict[str, Any]:
    return {"items": [{"key": "k", "path": path}]}


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"volumes": [{"name": "../v", "emptyDir": {}}]}, "spec.volumes[0].name"),
        ({"volumes": [{"emptyDir": {}}]}, "spec.volumes[0].name"),
        ({"volumes": [{"name": "v", "secret": items("/root/.ssh/x")}]}, "spec.volumes[0].secret.items[0].path"),
        ({"volumes": [{"name": "v", "configMap": items("a/../../x")}]}, "spec.volumes[0].configMap.items[0].path"),
        (
            {"volumes": [{"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": "../t"}}]}}]},
            "spec.volumes[0].projected.sources[0].serviceAccountToken.path",
        ),
        (
            {"containers": [{**CONTAINER, "volumeMounts": [{"name": "v", "mountPath": "/m", "subPath": "../x"}]}]},
            "spec.containers[0].volumeMounts[0].subPath",
        ),
    ],
)
async def test_a_wrong_field_of_a_pod_is_named(api: Api, spec: dict[str, Any], field: str) -> None:
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [CONTAINER], **spec}}

    reply = await api("POST", PODS, pod)

    assert reply.status == 422
    assert field in [cause["field"] for cause in reply.body["details"]["causes"]]


async def test_what_is_null_in_a_pod_is_absent(api: Api) -> None:
    spec = {"containers": [{**CONTAINER, "env": None}], "volumes": None, "nodeName": None}

    stored = await api.create(PODS, {"metadata": {"name": "p"}, "spec": spec})

    assert not stored["spec"].get("volumes")
    assert not stored["spec"].get("nodeName")


@pytest.mark.parametrize("key", ["../x", "..", ".", "a/b", "", "..data"])
@pytest.mark.parametrize("plural", ["secrets", "configmaps"])
async def test_a_key_that_is_no_name_of_a_file_is_refused(api: Api, plural: str, key: str) -> None:
    reply = await api(
        "POST", f"/api/v1/namespaces/default/{plural}", {"metadata": {"name": "s"}, "data": {key: "YQ=="}}
    )

    assert reply.status == 422
    assert reply.body["details"]["causes"][0]["field"] == f"data[{key}]"
