"""kubectl wait: for conditions, values, creation and deletion."""

import asyncio

from tests.conformance.terminal import Terminal
from tests.raw_api import Api


async def test_wait_says_what_is_met_and_what_is_not(terminal: Terminal, kites: str, api: Api) -> None:
    await terminal("""
        $ kubectl create -f a.yaml
        kite.GROUP/a created
        $ kubectl wait crd/kites.GROUP --for=condition=Established
        customresourcedefinition.apiextensions.k8s.io/kites.GROUP condition met
        $ kubectl wait kt/a --for=condition=Ready --timeout=1s
        ! error: timed out waiting for the condition on kites/a
        [1]
        $ kubectl wait kt/a --for=jsonpath='{.status.phase}'=Up --timeout=1s
        ! error: timed out waiting for the condition on kites/a
        [1]
        $ kubectl patch kt a --subresource=status --type=merge -p '{"status":{"phase":"Up","conditions":[{"type":"Ready","status":"True"}]}}'
        kite.GROUP/a patched
        $ kubectl wait kt/a --for=condition=Ready
        kite.GROUP/a condition met
        $ kubectl wait kt/a --for=condition=ready=false --timeout=0
        ! error: condition not met for kites/a
        [1]
        $ kubectl wait kt/a --for=jsonpath='{.status.phase}'=Up
        kite.GROUP/a condition met
        $ kubectl wait kt/a --for=jsonpath='{.status.phase}'
        kite.GROUP/a condition met
        $ kubectl wait kt --all --for=condition=Ready
        kite.GROUP/a condition met
        $ kubectl wait -f a.yaml --for=condition=Ready
        kite.GROUP/a condition met
        $ kubectl wait kt -l tier=none --for=condition=Ready
        ! error: no matching resources found
        [1]
        $ kubectl wait kt/a --for=create
        kite.GROUP/a condition met
        $ kubectl wait kt/nothing --for=create --timeout=1s
        ! error: timed out waiting for the condition
        [1]
        $ kubectl wait kt/nothing --for=condition=Ready
        ! Error from server (NotFound): kites.GROUP "nothing" not found
        [1]
        $ kubectl wait kt/nothing --for=delete
        $ kubectl wait kt/a --for=delete --timeout=1s
        ! error: timed out waiting for the condition on kites/a
        [1]
        $ kubectl wait kt/a --for=nonsense
        ! error: unrecognized condition: "nonsense"
        [1]
    """)


async def test_wait_sees_what_comes(terminal: Terminal, kites: str, api: Api) -> None:
    ready = {"status": {"phase": "Up", "conditions": [{"type": "Ready", "status": "True"}]}}
    for_condition = "kubectl wait kt/a --for=condition=Ready --timeout=60s"
    for_value = "kubectl wait kt/a --for=jsonpath={.status.phase}=Up --timeout=60s"
    for_creation = "kubectl wait kt/a --for=create --timeout=60s"

    async with terminal.started(for_creation) as created:
        await terminal("$ kubectl create -f a.yaml\nkite.GROUP/a created")
        assert await anext(terminal.lines(created)) == "kite.GROUP/a condition met"
    async with terminal.started(for_condition) as condition, terminal.started(for_value) as value:
        await api.merge(f"{kites}/a/status", ready)
        assert await anext(terminal.lines(condition)) == "kite.GROUP/a condition met"
        assert await anext(terminal.lines(value)) == "kite.GROUP/a condition met"
    async with terminal.started("kubectl wait kt/a --for=delete --timeout=60s") as deletion:
        await api.delete(f"{kites}/a")
        assert await asyncio.wait_for(deletion.wait(), 60) == 0
