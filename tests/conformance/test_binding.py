"""Bindings, by which a scheduler says on which node a pod runs."""

from typing import Any

import pytest
from tests.conformance.comparing import bad_request, conflict, not_found, told
from tests.raw_api import Api

SPEC = {
    "containers": [{"name": "c", "image": "i"}],
    "terminationGracePeriodSeconds": 0,
    "automountServiceAccountToken": False,
}


@pytest.fixture
async def pod(api: Api, namespace: str) -> str:
    pods = f"/api/v1/namespaces/{namespace}/pods"
    await api.create(pods, {"metadata": {"name": "a"}, "spec": SPEC})
    return f"{pods}/a"


async def test_a_pod_gets_its_node_and_what_the_binding_says_of_it(api: Api, pod: str) -> None:
    sent = {"metadata": {"name": "a", "labels": {"x": "y"}, "annotations": {"k": "v"}}, "target": {"name": "n"}}

    made = await api("POST", f"{pod}/binding", sent)
    again = await api("POST", f"{pod}/binding", sent)

    assert (made.status, made.body) == (
        201,
        {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201},
    )
    bound = await api.get(pod)
    assert (bound["spec"]["nodeName"], bound["metadata"]["labels"]) == ("n", {"x": "y"})
    assert bound["metadata"]["annotations"] == {"k": "v"}
    [condition] = bound["status"]["conditions"]
    assert condition == {
        "type": "PodScheduled",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": condition["lastTransitionTime"],
    }
    assert told(again) == conflict("pods/binding", "a", 'pod a is already assigned to node "n"')


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"target": {"name": "n"}}, "name in URL does not match name in Binding object"),
        ({"metadata": {"name": "b"}, "target": {"name": "n"}}, "name in URL does not match name in Binding object"),
        (
            {"metadata": {"name": "a", "namespace": "b"}, "target": {"name": "n"}},
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (
            {"target": {"name": 5}},
            (
                'Binding in version "v1" cannot be handled as a Binding: json: cannot unmarshal number into Go struct'
                " field ObjectReference.target.name of type string"
            ),
        ),
    ],
    ids=["no name", "another name", "another namespace", "no text"],
)
async def test_a_binding_is_of_the_pod_that_it_is_sent_to(api: Api, pod: str, body: Any, message: str) -> None:
    assert told(await api("POST", f"{pod}/binding", body)) == bad_request(message)


async def test_a_pod_that_is_another_or_none_is_not_bound(api: Api, pod: str) -> None:
    other = {"metadata": {"name": "a", "uid": "x"}, "target": {"name": "n"}}
    absent = {"metadata": {"name": "b"}, "target": {"name": "n"}}

    refused = await api("POST", f"{pod}/binding", other)
    missing = await api("POST", f"{pod.removesuffix('/a')}/b/binding", absent)

    assert (refused.status, refused.body["reason"]) == (409, "Conflict")
    assert told(missing) == not_found("pods", "b")
