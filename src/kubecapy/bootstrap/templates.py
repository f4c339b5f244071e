"""Offer the built-in user-data templates, one for control planes and one for workers, for each operating system."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Literal

OperatingSystem = Literal["ubuntu", "centos"]
Role = Literal["master", "worker"]


def user_data_templates(operating_system: OperatingSystem) -> Mapping[Role, str]:
    """Return the template texts under the names `master` and `worker`.

    Each is joined from what every host needs, what the operating system needs and what the role needs, so that a
    person who edits one sees all of it.
    """
    host = _part("host") + _part(operating_system)
    return {"master": host + _part("master"), "worker": host + _part("worker")}


def _part(name: str) -> str:
    return files("kubecapy.bootstrap").joinpath("template_parts", f"{name}.yaml").read_text(encoding="utf-8")
