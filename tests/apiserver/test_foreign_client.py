"""The official Python client, which shares no code with ours, works on the server."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import kubernetes
import pytest
from tests.apiserver.widgets import widget, widget_definition

from kubecapy.apiserver.serve import ApiServer


async def in_thread(work: Callable[[], None]) -> None:
    with ThreadPoolExecutor(1) as executor:
        await asyncio.get_running_loop().run_in_executor(executor, work)


@pytest.fixture
def client(server: ApiServer, write_kubeconfig: Callable[[ApiServer], Path]) -> Any:
    return kubernetes.config.new_client_from_config(str(write_kubeconfig(server)))


async def test_typed_objects_go_through_their_whole_life(client: Any) -> None:
    def work() -> None:
        core = kubernetes.client.CoreV1Api(client)
        made = core.create_namespaced_secret("default", {"metadata": {"generateName": "s-"}, "stringData": {"a": "b"}})
        assert made.data == {"a": "Yg=="}
        core.patch_namespaced_secret(made.metadata.name, "default", {"metadata": {"labels": {"x": "1"}}})
        assert [item.metadata.name for item in core.list_secret_for_all_namespaces(label_selector="x=1").items] == [
            made.metadata.name
        ]
        core.delete_namespaced_secret(made.metadata.name, "default")
        with pytest.raises(kubernetes.client.ApiException) as caught:
            core.read_namespaced_secret(made.metadata.name, "default")
        assert caught.value.status == 404

    await in_thread(work)


def wait_until_established(definitions: Any) -> None:
    watch = kubernetes.watch.Watch()
    for event in watch.stream(definitions.list_custom_resource_definition, timeout_seconds=20):
        conditions = event["object"].status.conditions or ()
        if any(found.type == "Established" and found.status == "True" for found in conditions):
            watch.stop()


async def test_custom_objects_are_watched(client: Any) -> None:
    def work() -> None:
        definitions = kubernetes.client.ApiextensionsV1Api(client)
        definitions.create_custom_resource_definition(widget_definition())
        wait_until_established(definitions)
        custom = kubernetes.client.CustomObjectsApi(client)
        address = ("example.com", "v1", "default", "widgets")
        custom.create_namespaced_custom_object(*address, widget("a"))
        listed = custom.list_namespaced_custom_object(*address)
        custom.patch_namespaced_custom_object_status(*address, "a", {"status": {"ready": True}})
        watch = kubernetes.watch.Watch()
        stream = watch.stream(
            custom.list_namespaced_custom_object,
            *address,
            resource_version=listed["metadata"]["resourceVersion"],
            timeout_seconds=10,
        )
        for event in stream:
            assert (event["type"], event["object"]["status"]) == ("MODIFIED", {"ready": True})
            watch.stop()

    await in_thread(work)


async def test_the_server_describes_itself_to_it(client: Any) -> None:
    def work() -> None:
        assert kubernetes.client.VersionApi(client).get_code().git_version == "v1.14.0"
        groups = kubernetes.client.ApisApi(client).get_api_versions().groups
        assert "apps" in {group.name for group in groups}
        names = {resource.name for resource in kubernetes.client.AppsV1Api(client).get_api_resources().resources}
        assert "deployments/scale" in names

    await in_thread(work)
