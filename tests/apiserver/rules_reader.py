"""Objects in a dictionary, read as the API server's core lets its rules read them."""

import copy
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from kubecapy.apimachinery.meta import JsonObject


class DictReader:
    """Holds objects by group, plural, namespace and name."""

    def __init__(self, objects: Iterable[tuple[str, str, JsonObject]] = ()) -> None:
        self._objects: dict[tuple[str, str, str, str], JsonObject] = {}
        self._revision = 0
        for group, plural, obj in objects:
            self.put(group, plural, obj)

    def put(self, group: str, plural: str, obj: JsonObject) -> None:
        self._revision += 1
        metadata = obj["metadata"]
        self._objects[group, plural, metadata.get("namespace", ""), metadata["name"]] = copy.deepcopy(obj)

    def remove(self, group: str, plural: str, namespace: str, name: str) -> None:
        self._revision += 1
        del self._objects[group, plural, namespace, name]

    def find(self, group: str, plural: str, namespace: str, name: str) -> JsonObject | None:
        return copy.deepcopy(self._objects.get((group, plural, namespace, name)))

    def list(self, group: str, plural: str, namespace: str = "") -> list[JsonObject]:
        wanted = sorted(key for key in self._objects if key[:2] == (group, plural) and namespace in ("", key[2]))
        return [copy.deepcopy(self._objects[key]) for key in wanted]

    def revision(self, group: str, plural: str) -> int:
        return self._revision


class SetClock:
    """Stands still until it is set forward."""

    def __init__(self) -> None:
        self.moment = datetime(2024, 5, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
