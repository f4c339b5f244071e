"""A disk without space refuses writes in a sentence, loses nothing, and is written to again once there is space."""

import signal
from pathlib import Path
from typing import Any

from tests.apiserver.conftest import Api
from tests.apiserver.server_process import ServerProcess
from tests.apiserver.widgets import config_map

MAPS = "/api/v1/namespaces/default/configmaps"


async def fill(api: Api, prefix: str) -> tuple[dict[str, int], Any]:
    """Create objects until one is refused; return revisions by name, and the refusal."""
    made: dict[str, int] = {}
    for index in range(1000):
        reply = await api("POST", MAPS, config_map(f"{prefix}-{index}", {"x": "y" * 20_000}))
        if reply.status != 201:
            return made, reply
        made[f"{prefix}-{index}"] = int(reply.body["metadata"]["resourceVersion"])
    raise AssertionError("the disk was never full")


async def stored(api: Api) -> dict[str, int]:
    items = (await api.get(MAPS))["items"]
    return {item["metadata"]["name"]: int(item["metadata"]["resourceVersion"]) for item in items}


async def test_a_full_disk_refuses_writes_and_serves_reads_until_there_is_space(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path / "state") as server:
        api = server.api
        start = (await api.get(MAPS))["metadata"]["resourceVersion"]
        server.limit_file_size(3_000_000)

        made, refused = await fill(api, "before")

        assert (refused.status, refused.body["kind"], refused.body["reason"]) == (500, "Status", "InternalError")
        sentence = f"storing the object failed: writing to the store {server.folder}/store.sqlite: "
        assert refused.body["message"].startswith(sentence), refused.body["message"]
        assert refused.body["message"].endswith("and write again; reading goes on"), refused.body["message"]
        assert made
        assert made.items() <= (await stored(api)).items()
        assert await api.get("/readyz") == "ok"
        async with api.watch(f"{MAPS}?watch=true&resourceVersion={start}") as stream:
            assert len([await stream.content.readline() for _ in made]) == len(made)

        server.lift_file_size_limit()
        after = await api.create(MAPS, config_map("after"))
        made["after"] = int(after["metadata"]["resourceVersion"])
        assert made["after"] > max(revision for name, revision in made.items() if name != "after")

    async with ServerProcess(tmp_path / "state") as server:
        assert made.items() <= (await stored(server.api)).items()
        later = await server.api.create(MAPS, config_map("later"))
        assert int(later["metadata"]["resourceVersion"]) > made["after"]


async def test_a_server_that_is_killed_or_stopped_on_a_full_disk_has_lost_nothing(tmp_path: Path) -> None:
    kept: dict[str, int] = {}
    for ending in ("killed", "stopped"):
        async with ServerProcess(tmp_path / "state") as server:
            assert kept.items() <= (await stored(server.api)).items()
            server.limit_file_size(sum(path.stat().st_size for path in server.folder.glob("store.sqlite*")))
            made, _ = await fill(server.api, ending)
            kept |= made
            if ending == "killed":
                await server.kill()
        assert server.process.returncode == {"killed": -signal.SIGKILL, "stopped": 0}[ending], server.errors

    async with ServerProcess(tmp_path / "state") as server:
        found = await stored(server.api)
        assert kept.items() <= found.items()
        made_last = await server.api.create(MAPS, config_map("last"))
        assert int(made_last["metadata"]["resourceVersion"]) > max(kept.values())
