"""Define kinds of a test's own and wait until they are served."""

import asyncio
from copy import deepcopy
from typing import Any

from tests.raw_api import Api

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


async def define(api: Api, definition: dict[str, Any], group: str) -> None:
    """Create `definition` in the API group `group`; return once its kinds are served and discovered."""
    made = deepcopy(definition)
    made["spec"]["group"] = group
    plural = made["spec"]["names"]["plural"]
    made["metadata"] = {**made["metadata"], "name": f"{plural}.{group}"}
    await api.create(DEFINITIONS, made)
    async with asyncio.timeout(20):
        for version in made["spec"]["versions"]:
            for path in (f"/apis/{group}/{version['name']}/{plural}", f"/apis/{group}/{version['name']}"):
                while version["served"] and (await api("GET", path)).status != 200:
                    await asyncio.sleep(0.02)
