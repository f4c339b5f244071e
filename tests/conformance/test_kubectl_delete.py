"""kubectl delete: names, selectors, files, dependents, finalizers, pods."""

import asyncio
from typing import Any

from tests.conformance.servers import Served
from tests.conformance.terminal import Terminal
from tests.raw_api import Api


async def test_delete_names_what_it_deleted(terminal: Terminal, kites: str) -> None:
    await terminal("""
        $ kubectl create -f a.yaml -f deployment.yaml
        kite.GROUP/a created
        deployment.apps/web created
        $ kubectl create configmap one
        configmap/one created
        $ kubectl create configmap two
        configmap/two created
        $ kubectl delete cm one nothing
        configmap "one" deleted from NAMESPACE namespace
        ! Error from server (NotFound): configmaps "nothing" not found
        [1]
        $ kubectl delete cm one
        ! Error from server (NotFound): configmaps "one" not found
        [1]
        $ kubectl delete cm one --ignore-not-found
        $ kubectl delete kt/a cm/two
        kite.GROUP "a" deleted from NAMESPACE namespace
        configmap "two" deleted from NAMESPACE namespace
        $ kubectl delete -f a.yaml
        ! Error from server (NotFound): error when deleting "a.yaml": kites.GROUP "a" not found
        [1]
        $ kubectl delete -f a.yaml -f deployment.yaml --ignore-not-found
        deployment.apps "web" deleted from NAMESPACE namespace
        $ kubectl delete cm
        ! error: resource(s) were provided, but no name was specified
        [1]
        $ kubectl delete gadget x
        ! error: the server doesn't have a resource type "gadget"
        [1]
        $ kubectl delete cm kube-root-ca.crt -o name --wait=false
        configmap/kube-root-ca.crt
    """)


async def test_delete_takes_a_whole_collection_or_what_a_selector_names(terminal: Terminal, kites: str) -> None:
    terminal.write("b.yaml", "{apiVersion: GROUP/v1, kind: Kite, metadata: {name: b}, spec: {size: 1}}")
    terminal.write("c.yaml", "{apiVersion: GROUP/v1, kind: Kite, metadata: {name: c}, spec: {size: 1}}")

    await terminal("""
        $ kubectl create -f a.yaml -f b.yaml -f c.yaml
        kite.GROUP/a created
        kite.GROUP/b created
        kite.GROUP/c created
        $ kubectl create secret generic s
        secret/s created
        $ kubectl delete kt -l tier=none
        No resources found
        $ kubectl delete kt -l tier
        kite.GROUP "a" deleted from NAMESPACE namespace
        $ kubectl delete kt --field-selector metadata.name=b
        kite.GROUP "b" deleted from NAMESPACE namespace
        $ kubectl delete kt c --dry-run=client
        kite.GROUP "c" deleted from NAMESPACE namespace (dry run)
        $ kubectl delete kt,secret --all
        kite.GROUP "c" deleted from NAMESPACE namespace
        secret "s" deleted from NAMESPACE namespace
        $ kubectl delete kt --all
        No resources found
        $ kubectl get kt,secret
        ! No resources found in NAMESPACE namespace.
    """)


async def test_delete_waits_for_finalizers(terminal: Terminal, kites: str, api: Api) -> None:
    await terminal("""
        $ kubectl create -f a.yaml
        kite.GROUP/a created
        $ kubectl patch kt a --type=merge -p '{"metadata":{"finalizers":["example.com/held"]}}'
        kite.GROUP/a patched
        $ kubectl delete kt a --timeout=1s
        kite.GROUP "a" deleted from NAMESPACE namespace
        ! error: timed out waiting for the condition on kites/a
        [1]
        $ kubectl delete kt a --wait=false
        kite.GROUP "a" deleted from NAMESPACE namespace
        $ kubectl get kt a -o jsonpath='{.metadata.finalizers} {.metadata.deletionGracePeriodSeconds} {.metadata.generation}'
        ["example.com/held"] 0 2
        $ kubectl label kt a x=1
        kite.GROUP/a labeled
        $ kubectl patch kt a --type=merge -p '{"metadata":{"finalizers":["example.com/held","example.com/more"]}}'
        ! The Kite "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/more"}
        [1]
        $ kubectl apply -f a.yaml
        kite.GROUP/a configured
        ! Warning: resource kites/a is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.
        ! Warning: Detected changes to resource a which is currently being deleted.
    """)
    async with terminal.started("kubectl delete kt a") as process:
        assert await anext(terminal.lines(process)) == 'kite.GROUP "a" deleted from NAMESPACE namespace'
        assert process.returncode is None
        await api.merge(f"{kites}/a", {"metadata": {"finalizers": None}})
        assert await asyncio.wait_for(process.wait(), 60) == 0


async def owned(api: Api, path: str, name: str) -> dict[str, Any]:
    """Make an object, and a second one that depends on it."""
    owner = await api.create(path, {"metadata": {"name": name}})
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": owner["metadata"]["uid"]}
    metadata = {"name": f"{name}-owned", "ownerReferences": [reference | {"blockOwnerDeletion": True}]}
    return await api.create(path, {"metadata": metadata})


async def marked(api: Api, path: str) -> None:
    """Wait until the object at `path` is being deleted."""
    async with asyncio.timeout(60):
        while "deletionTimestamp" not in (await api.get(path))["metadata"]:
            await asyncio.sleep(0.05)


async def test_a_namespace_goes_with_all_that_is_in_it(terminal: Terminal, collected: Served, kites: str) -> None:
    await terminal("""
        $ kubectl create ns other-NAMESPACE
        namespace/other-NAMESPACE created
        $ kubectl create configmap c -n other-NAMESPACE
        configmap/c created
        $ kubectl create -f a.yaml -n other-NAMESPACE
        kite.GROUP/a created
        $ kubectl delete ns other-NAMESPACE
        namespace "other-NAMESPACE" deleted
        $ kubectl get ns other-NAMESPACE
        ! Error from server (NotFound): namespaces "other-NAMESPACE" not found
        [1]
        $ kubectl get kt,cm -n other-NAMESPACE
        ! No resources found in other-NAMESPACE namespace.
        $ kubectl create configmap c -n other-NAMESPACE
        ! error: failed to create configmap: namespaces "other-NAMESPACE" not found
        [1]
        $ kubectl delete ns kube-system
        ! Error from server (Forbidden): namespaces "kube-system" is forbidden: this namespace may not be deleted
        [1]
    """)


async def test_a_definition_goes_with_its_objects(terminal: Terminal, kites: str) -> None:
    terminal.write(
        "gone.yaml",
        terminal.read("kites.yaml")
        .replace("kites", "gliders")
        .replace("Kite", "Glider")
        .replace("kite", "glider")
        .replace("kt", "gl"),
    )

    await terminal("""
        $ kubectl apply -f gone.yaml
        customresourcedefinition.apiextensions.k8s.io/gliders.GROUP created
        $ kubectl wait --for=condition=Established crd/gliders.GROUP
        customresourcedefinition.apiextensions.k8s.io/gliders.GROUP condition met
        $ kubectl delete -f gone.yaml
        customresourcedefinition.apiextensions.k8s.io "gliders.GROUP" deleted
        $ kubectl get gliders.GROUP
        ! error: the server doesn't have a resource type "gliders"
        [1]
    """)


async def test_dependents_go_stay_or_go_first_as_asked(terminal: Terminal, collected: Served, api: Api) -> None:
    config_maps = f"/api/v1/namespaces/{terminal.names['NAMESPACE']}/configmaps"

    await owned(api, config_maps, "background")
    await terminal("""
        $ kubectl delete cm background
        configmap "background" deleted from NAMESPACE namespace
    """)
    await api.gone(f"{config_maps}/background-owned")

    await owned(api, config_maps, "orphan")
    await terminal("""
        $ kubectl delete cm orphan --cascade=orphan
        configmap "orphan" deleted from NAMESPACE namespace
        $ kubectl get cm orphan-owned -o jsonpath='{.metadata.ownerReferences}'
    """)

    await owned(api, config_maps, "foreground")
    await terminal("""
        $ kubectl patch cm foreground-owned --type=merge -p '{"metadata":{"finalizers":["example.com/held"]}}'
        configmap/foreground-owned patched
        $ kubectl delete cm foreground --cascade=foreground --wait=false
        configmap "foreground" deleted from NAMESPACE namespace
        $ kubectl get cm foreground -o jsonpath='{.metadata.finalizers}'
        ["foregroundDeletion"]
    """)
    await marked(api, f"{config_maps}/foreground-owned")
    await terminal("""
        $ kubectl patch cm foreground-owned --type=merge -p '{"metadata":{"finalizers":null}}'
        configmap/foreground-owned patched
        $ kubectl wait cm/foreground --for=delete --timeout=60s
    """)


async def test_pods_go_when_their_kubelet_says_so(terminal: Terminal) -> None:
    terminal.write(
        "bound.yaml",
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: bound}
        spec: {nodeName: nowhere, containers: [{name: c, image: i}]}
        """,
    )

    await terminal("""
        $ kubectl create -f pod.yaml -f bound.yaml
        pod/p created
        pod/bound created
        $ kubectl delete pod p
        pod "p" deleted from NAMESPACE namespace
        $ kubectl delete pod bound --wait=false
        pod "bound" deleted from NAMESPACE namespace
        $ kubectl get pods
        NAME  READY  STATUS  RESTARTS  AGE
        bound  0/1  Terminating  0  AGE
        $ kubectl get pod bound -o jsonpath='{.metadata.deletionGracePeriodSeconds}'
        30
        $ kubectl delete pod bound --now --wait=false
        pod "bound" deleted from NAMESPACE namespace
        $ kubectl get pod bound -o jsonpath='{.metadata.deletionGracePeriodSeconds}'
        1
        $ kubectl delete pod bound --grace-period=20 --wait=false
        pod "bound" deleted from NAMESPACE namespace
        $ kubectl get pod bound -o jsonpath='{.metadata.deletionGracePeriodSeconds}'
        1
        $ kubectl delete pod bound --grace-period=0 --force
        pod "bound" force deleted from NAMESPACE namespace
        ! Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.
        $ kubectl delete pod bound --force
        ! Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.
        ! Error from server (NotFound): pods "bound" not found
        [1]
    """)
