"""Make the columns that many kinds share."""

from datetime import datetime
from typing import Any

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read, read_list, read_objects, read_text
from kubecapy.apiserver.registry.ages import format_age
from kubecapy.apiserver.registry.kinds import Cell, Column

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
    """Return a `metav1.LabelSelector` as text, by key: `app=web,tier in (a,b),!old`; `<none>` where it is empty."""
    if not isinstance(selector, dict):
        return NONE
    labels = selector.get("matchLabels")
    terms = [(key, f"{key}={value}") for key, value in labels.items()] if isinstance(labels, dict) else []
    terms += [(read_text(item, "key"), _format_expression(item)) for item in read_objects(selector, "matchExpressions")]
    return ",".join(text for _, text in sorted(terms)) or NONE


def _format_expression(expression: JsonObject) -> str:
    key, values = read_text(expression, "key"), sorted(map(str, read_list(expression, "values")))
    match expression.get("operator"):
        case "In":
            return f"{key} in ({','.join(values)})"
        case "NotIn":
            return f"{key} notin ({','.join(values)})"
        case "DoesNotExist":
            return f"!{key}"
        case _:
            return key


def container_names(*path: str) -> Cell:
    """Return a cell with the names of the containers of the pod spec at `path`."""
    return lambda obj, _now: ",".join(str(item.get("name", "")) for item in read_objects(obj, *path, "containers"))


def container_images(*path: str) -> Cell:
    """Return a cell with the images of the containers of the pod spec at `path`."""
    return lambda obj, _now: ",".join(str(item.get("image", "")) for item in read_objects(obj, *path, "containers"))
