"""The official Python client, which shares no code with ours, finds on both servers what it expects."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import kubernetes
import pytest
import yaml
from kubernetes.client import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError
from kubernetes.leaderelection.electionconfig import Config
from kubernetes.leaderelection.leaderelection import LeaderElection
from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock
from tests.conformance.servers import Served
from tests.conformance.terminal import Terminal

SYSTEM = dict.fromkeys(
    [
        *("architecture", "bootID", "containerRuntimeVersion", "kernelVersion", "kubeProxyVersion", "kubeletVersion"),
        *("machineID", "operatingSystem", "osImage", "systemUUID"),
    ],
    "x",
)
Work = Callable[[Callable[[], None]], Any]


@pytest.fixture
async def in_thread() -> AsyncIterator[Work]:
    """Run what blocks beside the event loop, which the embedded server needs."""
    with ThreadPoolExecutor(1) as executor:

        def run(work: Callable[[], None]) -> Any:
            return asyncio.get_running_loop().run_in_executor(executor, work)

        yield run


@pytest.fixture
def client(served: Served, tmp_path: Path) -> Any:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.touch(mode=0o600)
    kubeconfig.write_bytes(served.kubeconfig)
    with kubernetes.config.new_client_from_config(str(kubeconfig)) as made:
        yield made


@pytest.fixture
def address(group: str, namespace: str) -> tuple[str, str, str, str]:
    return group, "v1", namespace, "kites"


def kite(group: str, name: str, size: int = 1) -> dict[str, Any]:
    return {"apiVersion": f"{group}/v1", "kind": "Kite", "metadata": {"name": name}, "spec": {"size": size}}


async def test_config_maps_and_secrets_live_a_whole_life(client: Any, namespace: str, in_thread: Work) -> None:
    def work() -> None:
        core = kubernetes.client.CoreV1Api(client)
        body = kubernetes.client.V1ConfigMap(metadata={"name": "c", "labels": {"x": "1"}}, data={"a": "1"})
        made = core.create_namespaced_config_map(namespace, body)
        made.data["b"] = "2"
        replaced = core.replace_namespaced_config_map("c", namespace, made)
        assert replaced.data == {"a": "1", "b": "2"}
        assert core.patch_namespaced_config_map("c", namespace, {"data": {"a": None}}).data == {"b": "2"}
        found = core.list_namespaced_config_map(namespace, label_selector="x in (1)").items
        assert [item.metadata.name for item in found] == ["c"]
        with pytest.raises(ApiException) as stale:
            core.replace_namespaced_config_map("c", namespace, made)
        assert (stale.value.status, stale.value.reason) == (409, "Conflict")

        body = {"metadata": {"generateName": "s-"}, "stringData": {"a": "b"}}
        secret = core.create_namespaced_secret(namespace, body)
        assert (secret.data, secret.type) == ({"a": "Yg=="}, "Opaque")
        gone = core.delete_namespaced_secret(secret.metadata.name, namespace)
        assert (gone["status"], gone["details"]["uid"]) == ("Success", secret.metadata.uid)
        core.delete_collection_namespaced_config_map(namespace, label_selector="x=1")
        assert core.list_namespaced_config_map(namespace, label_selector="x").items == []

    await in_thread(work)


async def test_errors_carry_a_status_that_says_why(client: Any, namespace: str, in_thread: Work) -> None:
    def work() -> None:
        core = kubernetes.client.CoreV1Api(client)
        core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}})

        missing = refused(lambda: core.read_namespaced_config_map("nothing", namespace))
        again = refused(lambda: core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}}))
        invalid = refused(lambda: core.create_namespaced_config_map(namespace, {"metadata": {"name": "No_Name"}}))

        details = {"name": "nothing", "kind": "configmaps"}
        assert (missing["code"], missing["reason"], missing["details"]) == (404, "NotFound", details)
        assert (again["code"], again["reason"]) == (409, "AlreadyExists")
        assert (invalid["code"], invalid["reason"]) == (422, "Invalid")
        (cause,) = invalid["details"]["causes"]
        assert (cause["reason"], cause["field"]) == ("FieldValueInvalid", "metadata.name")

    await in_thread(work)


async def test_pods_nodes_events_and_workloads_are_understood(client: Any, namespace: str, in_thread: Work) -> None:
    def work() -> None:
        core, apps = kubernetes.client.CoreV1Api(client), kubernetes.client.AppsV1Api(client)
        container = kubernetes.client.V1Container(name="c", image="i:1")
        core.create_namespaced_pod(namespace, {"metadata": {"name": "p"}, "spec": {"containers": [container]}})
        assert core.read_namespaced_pod_status("p", namespace).status.phase == "Pending"
        core.patch_namespaced_pod_status("p", namespace, {"status": {"phase": "Running"}})
        running = core.list_namespaced_pod(namespace, field_selector="status.phase=Running").items
        assert [pod.metadata.name for pod in running] == ["p"]

        name = f"n-{namespace}"
        core.create_node({"metadata": {"name": name}})
        ready = {"type": "Ready", "status": "True", "reason": "r", "message": "m"}
        core.patch_node_status(name, {"status": {"conditions": [ready], "nodeInfo": SYSTEM}})
        assert core.read_node(name).status.conditions[0].type == "Ready"
        core.delete_node(name)

        labels = {"app": "web"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
        spec = {"selector": {"matchLabels": labels}, "template": template}
        deployment = apps.create_namespaced_deployment(namespace, {"metadata": {"name": "web"}, "spec": spec})
        assert (deployment.spec.replicas, deployment.spec.strategy.type) == (1, "RollingUpdate")
        scale = apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 3}})
        assert (scale.spec.replicas, scale.status.selector) == (3, "app=web")
        assert apps.read_namespaced_deployment("web", namespace).metadata.generation == 2

        core.create_namespaced_event(
            namespace,
            kubernetes.client.CoreV1Event(
                metadata={"name": "p.1"},
                involved_object={"kind": "Pod", "name": "p", "namespace": namespace},
                reason="Seen",
                message="seen it",
                type="Normal",
            ),
        )
        events = core.list_namespaced_event(namespace, field_selector="involvedObject.name=p").items
        assert [event.message for event in events] == ["seen it"]

    await in_thread(work)


async def test_roles_leases_and_reviews_are_understood(client: Any, namespace: str, in_thread: Work) -> None:
    def work() -> None:
        rbac = kubernetes.client.RbacAuthorizationV1Api(client)
        rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
        rbac.create_namespaced_role(namespace, {"metadata": {"name": "r"}, "rules": [rule]})
        subject = {"kind": "User", "name": "u", "apiGroup": "rbac.authorization.k8s.io"}
        reference = {"kind": "Role", "name": "r", "apiGroup": "rbac.authorization.k8s.io"}
        rbac.create_namespaced_role_binding(
            namespace, {"metadata": {"name": "r"}, "roleRef": reference, "subjects": [subject]}
        )

        authorization = kubernetes.client.AuthorizationV1Api(client)
        for verb, allowed in (("get", True), ("delete", False)):
            asked = {"resourceAttributes": {"namespace": namespace, "verb": verb, "resource": "pods"}, "user": "u"}
            assert authorization.create_subject_access_review({"spec": asked}).status.allowed is allowed
        me = kubernetes.client.AuthenticationV1Api(client).create_self_subject_review({})
        assert me.status.user_info.username == "kubernetes-admin"

        core = kubernetes.client.CoreV1Api(client)
        core.create_namespaced_service_account(namespace, {"metadata": {"name": "robot"}})
        token = core.create_namespaced_service_account_token("robot", namespace, {"spec": {"expirationSeconds": 600}})
        review = kubernetes.client.AuthenticationV1Api(client).create_token_review(
            {"spec": {"token": token.status.token}}
        )
        assert review.status.user.username == f"system:serviceaccount:{namespace}:robot"

        leases = kubernetes.client.CoordinationV1Api(client)
        leases.create_namespaced_lease(namespace, {"metadata": {"name": "l"}, "spec": {"holderIdentity": "me"}})
        taken = leases.patch_namespaced_lease("l", namespace, {"spec": {"holderIdentity": "you"}})
        assert taken.spec.holder_identity == "you"

    await in_thread(work)


async def test_custom_objects_live_a_whole_life(
    client: Any, kites: str, address: tuple[str, str, str, str], in_thread: Work
) -> None:
    def work() -> None:
        custom = kubernetes.client.CustomObjectsApi(client)
        for name in ("a", "b", "c"):
            custom.create_namespaced_custom_object(*address, kite(address[0], name))

        pages = []
        page = custom.list_namespaced_custom_object(*address, limit=2)
        while True:
            pages.append([item["metadata"]["name"] for item in page["items"]])
            if not page["metadata"].get("continue"):
                break
            page = custom.list_namespaced_custom_object(*address, limit=2, _continue=page["metadata"]["continue"])
        assert pages == [["a", "b"], ["c"]]

        got = custom.get_namespaced_custom_object(*address, "a")
        got["spec"]["size"] = 2
        replaced = custom.replace_namespaced_custom_object(*address, "a", got)
        assert (replaced["spec"], replaced["metadata"]["generation"]) == ({"size": 2, "color": "red"}, 2)
        patched = custom.patch_namespaced_custom_object(*address, "a", {"spec": {"color": "blue"}})
        assert patched["spec"] == {"size": 2, "color": "blue"}
        status = custom.patch_namespaced_custom_object_status(*address, "a", {"status": {"phase": "Up"}})
        assert status["status"] == {"phase": "Up"}
        scale = custom.patch_namespaced_custom_object_scale(*address, "a", {"spec": {"replicas": 5}})
        assert (scale["kind"], scale["spec"]) == ("Scale", {"replicas": 5})
        custom.delete_namespaced_custom_object(*address, "a")
        custom.delete_collection_namespaced_custom_object(*address)
        assert custom.list_namespaced_custom_object(*address)["items"] == []

    await in_thread(work)


async def test_definitions_are_made_and_removed(terminal: Terminal, client: Any, group: str, in_thread: Work) -> None:
    def work() -> None:
        extensions = kubernetes.client.ApiextensionsV1Api(client)
        definition = yaml.safe_load((terminal.folder / "kites.yaml").read_text())
        extensions.create_custom_resource_definition(definition)
        watch, name = kubernetes.watch.Watch(), f"kites.{group}"
        listing = extensions.list_custom_resource_definition
        for event in watch.stream(listing, field_selector=f"metadata.name={name}", timeout_seconds=30):
            conditions = event["object"].status.conditions if event["object"].status else None
            if any(item.type == "Established" and item.status == "True" for item in conditions or ()):
                watch.stop()
        found = extensions.read_custom_resource_definition(name)
        assert found.status.accepted_names.kind == "Kite"
        extensions.delete_custom_resource_definition(name)

    await in_thread(work)


async def test_a_watch_resumes_where_it_was_and_ends_on_time(
    client: Any, kites: str, address: tuple[str, str, str, str], in_thread: Work
) -> None:
    def work() -> None:
        custom = kubernetes.client.CustomObjectsApi(client)
        listed = custom.list_namespaced_custom_object(*address)["metadata"]["resourceVersion"]
        custom.create_namespaced_custom_object(*address, kite(address[0], "a"))
        custom.patch_namespaced_custom_object(*address, "a", {"spec": {"size": 2}})
        custom.delete_namespaced_custom_object(*address, "a")

        watch = kubernetes.watch.Watch()
        stream = watch.stream(
            custom.list_namespaced_custom_object, *address, resource_version=listed, timeout_seconds=1
        )
        seen = [(event["type"], event["object"]["spec"]["size"]) for event in stream]
        assert seen == [("ADDED", 1), ("MODIFIED", 2), ("DELETED", 2)]

    await in_thread(work)


async def test_a_watch_of_a_forgotten_past_is_gone(
    client: Any, served: Served, kites: str, address: tuple[str, str, str, str], in_thread: Work
) -> None:
    custom = kubernetes.client.CustomObjectsApi(client)
    await in_thread(lambda: custom.create_namespaced_custom_object(*address, kite(address[0], "a")))
    await served.compact()

    def work() -> None:
        stream = kubernetes.watch.Watch().stream(
            custom.list_namespaced_custom_object,
            *address,
            resource_version="1",
            timeout_seconds=5,
        )
        with pytest.raises(ApiException) as gone:
            list(stream)
        assert gone.value.status == 410

    await in_thread(work)


async def test_the_dynamic_client_discovers_kinds_and_uses_them(
    client: Any, kites: str, group: str, namespace: str, in_thread: Work
) -> None:
    def work() -> None:
        dynamic = DynamicClient(client)
        api = dynamic.resources.get(api_version=f"{group}/v1", kind="Kite")
        assert (api.name, api.namespaced, api.short_names) == ("kites", True, ["kt"])
        made = api.create(body=kite(group, "a"), namespace=namespace)
        assert made.spec.color == "red"
        assert [item.metadata.name for item in api.get(namespace=namespace).items] == ["a"]
        stale = made.to_dict()
        merge = "application/merge-patch+json"
        api.patch(name="a", namespace=namespace, body={"spec": {"size": 2}}, content_type=merge)
        with pytest.raises(ConflictError):
            api.replace(body=stale, namespace=namespace)
        api.delete(name="a", namespace=namespace)
        with pytest.raises(NotFoundError):
            api.get(name="a", namespace=namespace)

    await in_thread(work)


async def test_a_leader_is_elected_and_keeps_others_out(
    client: Any, namespace: str, in_thread: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The lock has no parameter for a client.
    monkeypatch.setattr(kubernetes.client.ApiClient, "_default", client)

    def work() -> None:
        first, second = (LeaderElection(election_of(ConfigMapLock("lock", namespace, who))) for who in ("me", "you"))
        assert first.try_acquire_or_renew()
        assert not second.try_acquire_or_renew()
        assert first.try_acquire_or_renew()
        found, record = ConfigMapLock("lock", namespace, "anyone").get("lock", namespace)
        assert (found, record.holder_identity) == (True, "me")

    await in_thread(work)


def election_of(lock: ConfigMapLock) -> Config:
    return Config(
        lock, lease_duration=30, renew_deadline=20, retry_period=1, onstarted_leading=print, onstopped_leading=print
    )


def refused(call: Callable[[], object]) -> dict[str, Any]:
    """Return the Status of the error that `call` raises."""
    with pytest.raises(ApiException) as caught:
        call()
    status: dict[str, Any] = json.loads(caught.value.body)
    return status
