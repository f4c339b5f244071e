"""Fill in the instance data that user data may ask for by Jinja.

Source: https://cloudinit.readthedocs.io/en/22.4.2/topics/instancedata.html and cloud-init's `templater.py`: a name
that is not there becomes `CI_MISSING_JINJA_VAR/<name>`, with a warning, and the boot goes on.
"""

import re
from typing import Any

from jinja2 import DebugUndefined
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kubecapy.local.guest.facts import ServerFacts
from kubecapy.local.guest.mirror import openstack_metadata

MISSING_PREFIX = "CI_MISSING_JINJA_VAR/"


class _Missing(DebugUndefined):
    """Renders a missing name as cloud-init does."""

    def __str__(self) -> str:
        return f"{MISSING_PREFIX}{self._undefined_name}"


class InstanceDataError(Exception):
    """A template that Jinja does not read; the message holds none of its text."""


def render(text: str, facts: ServerFacts) -> tuple[str, list[str]]:
    """Return `text` with instance data filled in, and the names that were missing.

    Raises:
        InstanceDataError: it is no Jinja template.
    """
    environment = ImmutableSandboxedEnvironment(
        undefined=_Missing, trim_blocks=True, keep_trailing_newline=True, autoescape=False
    )  # as cloud-init has it: the result is no web page
    try:
        rendered = environment.from_string(text).render(**instance_data(facts))
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        place = f" at line {line}" if line else ""
        raise InstanceDataError(f"{type(error).__name__}{place}") from error
    return rendered, re.findall(rf"{MISSING_PREFIX}([\w.-]+)", rendered)


def instance_data(facts: ServerFacts) -> dict[str, Any]:  # Any: a JSON document
    """Return what templates may use: `v1` with short names for its keys, and `ds`."""
    version_one = {
        "availability_zone": facts.availability_zone,
        "cloud_name": "openstack",
        "cloud_id": "openstack",
        "instance_id": facts.server_id,
        "local_hostname": facts.name,
        "platform": "openstack",
        "public_ssh_keys": list(facts.public_keys.values()),
        "region": facts.region,
        "subplatform": "metadata (http://169.254.169.254)",
    }
    ec2 = {
        "local_ipv4": next(iter(facts.fixed_addresses), ""),
        "public_ipv4": next(iter(facts.floating_addresses), ""),
        "instance_id": facts.server_id,
    }
    return {
        **version_one,
        "v1": version_one,
        "ds": {"meta_data": dict(openstack_metadata(facts)), "ec2_metadata": ec2},
        "instance_id": facts.server_id,
    }
