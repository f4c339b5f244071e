"""Wait for what becomes of a CustomResourceDefinition after it was written."""

import asyncio
from typing import Any

from tests.raw_api import Api

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


async def established(api: Api, name: str) -> Any:
    """Return the definition once its kinds are served."""
    return await reaches(api, name, Established="True")


async def judged(api: Api, name: str) -> Any:
    """Return the definition once its names are accepted or not."""
    return await reaches(api, name, NamesAccepted="")


async def reaches(api: Api, name: str, **conditions: str) -> Any:
    """Return the definition once it has each of the conditions, with that status where it is not empty."""
    async with asyncio.timeout(20):
        while True:
            definition = await api.get(f"{DEFINITIONS}/{name}")
            found = {item["type"]: item["status"] for item in definition["status"]["conditions"] or ()}
            if all(type_ in found and status in ("", found[type_]) for type_, status in conditions.items()):
                return definition
            await asyncio.sleep(0.01)
