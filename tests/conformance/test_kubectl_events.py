"""kubectl events and kubectl get events."""

import asyncio

from tests.conformance.terminal import Terminal
from tests.conformance.test_kubectl_describe import event_about
from tests.raw_api import Api


async def test_events_are_watched(terminal: Terminal, kites: str, api: Api) -> None:
    await terminal("""
        $ kubectl create -f a.yaml
        kite.GROUP/a created
    """)
    kite = await api.get(f"{kites}/a")
    await event_about(api, kite, "Painted", "painted it red")

    async with terminal.started("kubectl events -w --no-headers --for kt/a") as process, asyncio.timeout(60):
        lines = terminal.lines(process)
        assert (await anext(lines)).endswith("Painted  Kite/a  painted it red")
        await api.merge(f"/api/v1/namespaces/{terminal.names['NAMESPACE']}/events/a.1", {"message": "painted it blue"})
        assert (await anext(lines)).endswith("Painted  Kite/a  painted it blue")


async def test_events_are_listed_by_object_and_by_type(terminal: Terminal, kites: str, api: Api) -> None:
    await terminal("""
        $ kubectl get events
        ! No resources found in NAMESPACE namespace.
        $ kubectl events
        ! No events found in NAMESPACE namespace.
        $ kubectl create -f a.yaml
        kite.GROUP/a created
    """)
    await event_about(api, await api.get(f"{kites}/a"), "Painted", "painted it red")

    await terminal("""
        $ kubectl get events
        LAST SEEN  TYPE  REASON  OBJECT  MESSAGE
        AGE  Normal  Painted  kite/a  painted it red
        $ kubectl get events -o wide
        LAST SEEN  TYPE  REASON  OBJECT  SUBOBJECT  SOURCE  MESSAGE  FIRST SEEN  COUNT  NAME
        AGE  Normal  Painted  kite/a  painter  painted it red  AGE  2  a.1
        $ kubectl events
        LAST SEEN  TYPE  REASON  OBJECT  MESSAGE
        AGE (x2 over AGE)  Normal  Painted  Kite/a  painted it red
        $ kubectl events --for kt/a
        LAST SEEN  TYPE  REASON  OBJECT  MESSAGE
        AGE (x2 over AGE)  Normal  Painted  Kite/a  painted it red
        $ kubectl events --for kt/other
        ! No events found in NAMESPACE namespace.
        $ kubectl events --types=Warning
        ! No events found in NAMESPACE namespace.
        $ kubectl events --types=Normal,Warning --no-headers
        AGE (x2 over AGE)  Normal  Painted  Kite/a  painted it red
        $ kubectl get events --field-selector involvedObject.kind=Kite,reason=Painted -o name
        event/a.1
        $ kubectl get events --field-selector involvedObject.kind=Pod
        ! No resources found in NAMESPACE namespace.
        $ kubectl get event a.1 -o yaml
        apiVersion: v1
        count: 2
        eventTime: null
        firstTimestamp: "TIME"
        involvedObject:
          apiVersion: GROUP/v1
          kind: Kite
          name: a
          namespace: NAMESPACE
          uid: UID
        kind: Event
        lastTimestamp: "TIME"
        message: painted it red
        metadata:
          creationTimestamp: "TIME"
          name: a.1
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        reason: Painted
        reportingComponent: ""
        reportingInstance: ""
        source:
          component: painter
        type: Normal
        $ kubectl events -o name
    """)
