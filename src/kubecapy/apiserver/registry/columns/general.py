"""Make the columns that many kinds share."""

from datetime import datetime
from typing import Any

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read, read_objects, read_text
from kubecapy.apiserver.registry.ages import format_age
from kubecapy.apiserver.registry.kinds import Cell, Column
from kubecapy.apiserver.registry.selector_texts import selector_text

NONE = "<none>"


def age_cell(obj: JsonObject, now: datetime) -> str:
    """Return the time since the object was created."""
    return format_age(read(obj, "metadata", "creationTimestamp"), now)


AGE = Column("Age", age_cell, "Time since the object was created.")
CREATED_AT = Column(
    "Created At", lambda obj, _now: read_text(obj, "metadata", "creationTimestamp"), "Creation time.", type="date"
)


def at(*path: str, absent: Any = "") -> Cell:
    """Return a cell that shows what stands at `path`, and `absent` where nothing does."""

    def cell(obj: JsonObject, _now: datetime) -> Any:
        value = read(obj, *path)
        return absent if value is None or value == "" else value

    return cell


def wide(name: str, cell: Cell, description: str = "") -> Column:
    """Return a text column that only `-o wide` shows."""
    return Column(name, cell, description, priority=1)


def format_labels(labels: object) -> str:
    """Return a mapping of labels as `a=b,c=d`, and `<none>` where it is empty."""
    if not isinstance(labels, dict) or not labels:
        return NONE
    return ",".join(f"{key}={labels[key]}" for key in sorted(labels))


def format_selector(selector: object) -> str:
    """Return a `metav1.LabelSelector` as text; `<none>` where it is empty."""
    return selector_text(selector) or NONE


def container_names(*path: str) -> Cell:
    """Return a cell with the names of the containers of the pod spec at `path`."""
    return lambda obj, _now: ",".join(str(item.get("name", "")) for item in read_objects(obj, *path, "containers"))


def container_images(*path: str) -> Cell:
    """Return a cell with the images of the containers of the pod spec at `path`."""
    return lambda obj, _now: ",".join(str(item.get("image", "")) for item in read_objects(obj, *path, "containers"))
