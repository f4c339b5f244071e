"""Name the parts of a control plane that run inside a guest's own process, and read their flags."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

from kubecapy.apimachinery.meta import JsonObject

Component: TypeAlias = Callable[[Mapping[str, str]], AbstractAsyncContextManager[object]]
"""Makes a component out of its flags; it runs for as long as its block lasts."""


def component_name(pod: JsonObject) -> str:
    """Return what the first container of a static pod runs: the last part of its image, without a tag."""
    containers: Sequence[JsonObject] = pod["spec"].get("containers") or ()
    image = str(containers[0].get("image", "")) if containers else ""
    return image.rpartition("/")[2].partition(":")[0]


def component_flags(pod: JsonObject) -> Mapping[str, str]:
    """Return the flags of the first container: `--name=value`; a flag without a value is `true`."""
    container: JsonObject = (pod["spec"].get("containers") or ({},))[0]
    words = [*(container.get("command") or ()), *(container.get("args") or ())]
    flags: dict[str, str] = {}
    for word in words:
        if word.startswith("--"):
            name, equals, value = word.removeprefix("--").partition("=")
            flags[name] = value if equals else "true"
    return flags
