"""kubectl get: tables, formats, names, selectors, watches."""

import asyncio
from itertools import count

from tests.conformance.terminal import Terminal
from tests.raw_api import Api


async def test_get_prints_tables(terminal: Terminal, kites: str) -> None:
    terminal.write("b.yaml", "{apiVersion: GROUP/v1, kind: Kite, metadata: {name: b}, spec: {size: 7, color: blue}}")

    await terminal("""
        $ kubectl get kt
        ! No resources found in NAMESPACE namespace.
        $ kubectl create -f a.yaml -f b.yaml -f deployment.yaml
        kite.GROUP/a created
        kite.GROUP/b created
        deployment.apps/web created
        $ kubectl get kt
        NAME  SIZE  AGE
        a  1  AGE
        b  7  AGE
        $ kubectl get kt -o wide
        NAME  SIZE  COLOR  AGE
        a  1  red  AGE
        b  7  blue  AGE
        $ kubectl get kites --no-headers
        a  1  AGE
        b  7  AGE
        $ kubectl get kites.GROUP a
        NAME  SIZE  AGE
        a  1  AGE
        $ kubectl get kite.v1.GROUP a
        NAME  SIZE  AGE
        a  1  AGE
        $ kubectl get flying
        NAME  SIZE  AGE
        a  1  AGE
        b  7  AGE
        $ kubectl get kt/a deploy/web
        NAME  SIZE  AGE
        kite.GROUP/a  1  AGE

        NAME  READY  UP-TO-DATE  AVAILABLE  AGE
        deployment.apps/web  0/2  0  0  AGE
        $ kubectl get kt,deploy
        NAME  SIZE  AGE
        kite.GROUP/a  1  AGE
        kite.GROUP/b  7  AGE

        NAME  READY  UP-TO-DATE  AVAILABLE  AGE
        deployment.apps/web  0/2  0  0  AGE
        $ kubectl get deploy -o wide
        NAME  READY  UP-TO-DATE  AVAILABLE  AGE  CONTAINERS  IMAGES  SELECTOR
        web  0/2  0  0  AGE  web  web:1  app=web
        $ kubectl get kt -L tier,other --show-labels
        NAME  SIZE  AGE  TIER  OTHER  LABELS
        a  1  AGE  one  tier=one
        b  7  AGE  <none>
        $ kubectl get kt --sort-by=.spec.color
        NAME  SIZE  AGE
        b  7  AGE
        a  1  AGE
        $ kubectl get kt --sort-by='{.spec.nothing}'
        ! No resources found in NAMESPACE namespace.
        $ kubectl get kt --show-kind
        NAME  SIZE  AGE
        kite.GROUP/a  1  AGE
        kite.GROUP/b  7  AGE
        $ kubectl get -f a.yaml -f b.yaml
        NAME  SIZE  AGE
        a  1  AGE
        b  7  AGE
        $ kubectl get kt -A
        NAMESPACE  NAME  SIZE  AGE
        NAMESPACE  a  1  AGE
        NAMESPACE  b  7  AGE
        $ kubectl get kt -n nowhere
        ! No resources found in nowhere namespace.
        $ kubectl get kt -A --field-selector metadata.namespace=nowhere
        ! No resources found
    """)


async def test_get_prints_formats(terminal: Terminal, kites: str) -> None:
    await terminal("""
        $ kubectl create -f a.yaml
        kite.GROUP/a created
        $ kubectl get kt a -o yaml
        apiVersion: GROUP/v1
        kind: Kite
        metadata:
          creationTimestamp: "TIME"
          generation: 1
          labels:
            tier: one
          name: a
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        spec:
          color: red
          size: 1
        $ kubectl get kt a -o json
        {
            "apiVersion": "GROUP/v1",
            "kind": "Kite",
            "metadata": {
                "creationTimestamp": "TIME",
                "generation": 1,
                "labels": {
                    "tier": "one"
                },
                "name": "a",
                "namespace": "NAMESPACE",
                "resourceVersion": "REVISION",
                "uid": "UID"
            },
            "spec": {
                "color": "red",
                "size": 1
            }
        }
        $ kubectl get kt -o yaml
        apiVersion: v1
        items:
        - apiVersion: GROUP/v1
          kind: Kite
          metadata:
            creationTimestamp: "TIME"
            generation: 1
            labels:
              tier: one
            name: a
            namespace: NAMESPACE
            resourceVersion: REVISION
            uid: UID
          spec:
            color: red
            size: 1
        kind: List
        metadata:
          resourceVersion: ""
        $ kubectl get kt -o name
        kite.GROUP/a
        $ kubectl get kt a -o jsonpath='{.spec}'
        {"color":"red","size":1}
        $ kubectl get kt -o jsonpath='{range .items[*]}{.metadata.name}={.spec.size}{"\\n"}{end}'
        a=1
        $ kubectl get kt -o jsonpath='{.items[?(@.spec.size>0)].metadata.name}'
        a
        $ kubectl get kt a -o jsonpath-as-json='{.spec}'
        [
            {
                "color": "red",
                "size": 1
            }
        ]
        $ kubectl get kt a -o jsonpath='{.spec.nothing}'
        $ kubectl get kt a -o go-template='{{.metadata.name}} {{.spec.color}}'
        a red
        $ kubectl get kt -o custom-columns=NAME:.metadata.name,SIZE:.spec.size,NOTHING:.spec.nothing
        NAME  SIZE  NOTHING
        a  1  <none>
        $ kubectl get kt a -o nonsense
        ! error: unable to match a printer suitable for the output format "nonsense", allowed formats are: custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml
        [1]
    """)


async def test_get_selects_by_labels_and_fields(terminal: Terminal, kites: str) -> None:
    terminal.write(
        "b.yaml", "{apiVersion: GROUP/v1, kind: Kite, metadata: {name: b, labels: {tier: two}}, spec: {size: 7}}"
    )
    terminal.write("c.yaml", "{apiVersion: GROUP/v1, kind: Kite, metadata: {name: c}, spec: {size: 7}}")

    await terminal("""
        $ kubectl create -f a.yaml -f b.yaml -f c.yaml
        kite.GROUP/a created
        kite.GROUP/b created
        kite.GROUP/c created
        $ kubectl get kt -o name -l tier=one
        kite.GROUP/a
        $ kubectl get kt -o name -l tier==one
        kite.GROUP/a
        $ kubectl get kt -o name -l tier!=one
        kite.GROUP/b
        kite.GROUP/c
        $ kubectl get kt -o name -l tier
        kite.GROUP/a
        kite.GROUP/b
        $ kubectl get kt -o name -l '!tier'
        kite.GROUP/c
        $ kubectl get kt -o name -l 'tier in (one,three)'
        kite.GROUP/a
        $ kubectl get kt -o name -l 'tier notin (one),tier'
        kite.GROUP/b
        $ kubectl get kt -o name -l tier=none
        $ kubectl get kt -o name --field-selector metadata.name=b
        kite.GROUP/b
        $ kubectl get kt -o name --field-selector metadata.name!=b,metadata.namespace=NAMESPACE
        kite.GROUP/a
        kite.GROUP/c
        $ kubectl get kt -o name --field-selector spec.size=7
        ! Error from server (BadRequest): Unable to find "GROUP/v1, Resource=kites" that match label selector "", field selector "spec.size=7": field label not supported: spec.size
        [1]
        $ kubectl get kt a -l tier=one
        ! error: name cannot be provided when a selector is specified
        [1]
        $ kubectl get ns --field-selector metadata.name=NAMESPACE,status.phase=Active
        NAME  STATUS  AGE
        NAMESPACE  Active  AGE
        $ kubectl get ns --field-selector status.nothing=x
        ! Error from server (BadRequest): Unable to find "/v1, Resource=namespaces" that match label selector "", field selector "status.nothing=x": field label not supported: status.nothing
        [1]
        $ kubectl get kt --chunk-size=1 -o name
        kite.GROUP/a
        kite.GROUP/b
        kite.GROUP/c
    """)


async def test_get_names_what_is_missing(terminal: Terminal, kites: str) -> None:
    await terminal("""
        $ kubectl create -f a.yaml
        kite.GROUP/a created
        $ kubectl get kt a nothing
        NAME  SIZE  AGE
        a  1  AGE
        ! Error from server (NotFound): kites.GROUP "nothing" not found
        [1]
        $ kubectl get kt nothing --ignore-not-found
        $ kubectl get cm nothing -o yaml
        ! Error from server (NotFound): configmaps "nothing" not found
        [1]
        $ kubectl get gadgets
        ! error: the server doesn't have a resource type "gadgets"
        [1]
        $ kubectl get gadgets.GROUP
        ! error: the server doesn't have a resource type "gadgets"
        [1]
        $ kubectl get kites.v2.GROUP
        ! error: the server doesn't have a resource type "kites"
        [1]
        $ kubectl get kt a b -A
        ! error: a resource cannot be retrieved by name across all namespaces
        [1]
        $ kubectl get
        ! You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.
        !
        ! error: Required resource not specified.
        ! Use "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).
        ! See 'kubectl get -h' for help and examples
        [1]
    """)


async def test_get_shows_parts_of_objects(terminal: Terminal, kites: str) -> None:
    await terminal("""
        $ kubectl create -f a.yaml -f deployment.yaml
        kite.GROUP/a created
        deployment.apps/web created
        $ kubectl get kt a --subresource=status -o yaml
        apiVersion: GROUP/v1
        kind: Kite
        metadata:
          creationTimestamp: "TIME"
          generation: 1
          labels:
            tier: one
          name: a
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        spec:
          color: red
          size: 1
        $ kubectl get kt a --subresource=status
        NAME  SIZE  AGE
        a  1  AGE
        $ kubectl get kt a --subresource=scale -o yaml
        apiVersion: autoscaling/v1
        kind: Scale
        metadata:
          creationTimestamp: "TIME"
          name: a
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        spec:
          replicas: 1
        status:
          replicas: 0
        $ kubectl get deploy web --subresource=scale -o yaml
        apiVersion: autoscaling/v1
        kind: Scale
        metadata:
          creationTimestamp: "TIME"
          name: web
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        spec:
          replicas: 2
        status:
          replicas: 0
          selector: app=web
        $ kubectl get cm --subresource=scale
        ! error: subresource cannot be used when bulk resources are specified
        [1]
    """)


async def test_get_raw_prints_what_the_server_says(terminal: Terminal, kites: str) -> None:
    await terminal("""
        $ kubectl get --raw /readyz
        ok
        $ kubectl get --raw /apis/GROUP
        {"kind":"APIGroup","apiVersion":"v1","name":"GROUP","versions":[{"groupVersion":"GROUP/v1","version":"v1"}],"preferredVersion":{"groupVersion":"GROUP/v1","version":"v1"}}
        $ kubectl get --raw /apis/GROUP/v1/namespaces/NAMESPACE/kites/nothing
        ! Error from server (NotFound): kites.GROUP "nothing" not found
        [1]
        $ kubectl get --raw /api/v1/namespaces/NAMESPACE/nothing
        ! Error from server (NotFound): the server could not find the requested resource
        [1]
        $ kubectl get --raw /nothing
        ! Error from server (NotFound): the server could not find the requested resource
        [1]
    """)


async def test_get_watch_prints_a_row_for_every_change(terminal: Terminal, kites: str, api: Api) -> None:
    await terminal("$ kubectl create -f a.yaml\nkite.GROUP/a created")

    async with terminal.started("kubectl get kt -w --output-watch-events") as process, asyncio.timeout(60):
        rows = terminal.lines(process)
        assert await anext(rows) == "EVENT  NAME  SIZE  AGE"
        assert await anext(rows) == "ADDED  a  1  AGE"
        await api.merge(f"{kites}/a", {"spec": {"size": 2}})
        assert await anext(rows) == "MODIFIED  a  2  AGE"
        await api.delete(f"{kites}/a")
        assert await anext(rows) == "DELETED  a  2  AGE"


async def test_get_watch_only_prints_what_comes(terminal: Terminal, kites: str, api: Api) -> None:
    await terminal("$ kubectl create -f a.yaml\nkite.GROUP/a created")

    async with terminal.started("kubectl get kt a --watch-only -o name") as process, asyncio.timeout(60):
        row = asyncio.ensure_future(anext(terminal.lines(process)))
        for size in count(2):
            await api.merge(f"{kites}/a", {"spec": {"size": size}})
            if (await asyncio.wait([row], timeout=0.2))[0]:
                break

        assert row.result() == "kite.GROUP/a"
