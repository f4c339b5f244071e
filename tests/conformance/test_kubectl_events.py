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
