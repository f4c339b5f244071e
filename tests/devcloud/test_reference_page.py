"""The page about the simulated cloud names all that its control endpoint can do."""

import re
import typing
from pathlib import Path

import msgspec
from tests.devcloud.core_client import CoreClient
from tests.devcloud.test_exchange import TestClock

from kubecapy.devcloud import faults, seed
from kubecapy.devcloud.control import Control
from kubecapy.devcloud.exchange import Exchange
from kubecapy.devcloud.settings import HOSTS
from kubecapy.telemetry.secrets import Secret

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "devcloud.md").read_text()


def test_every_call_of_the_control_endpoint_is_on_the_page(client: CoreClient) -> None:
    clock = TestClock(client)
    exchange = Exchange(client.cloud, faults.FaultPlan(), clock, lambda pid, number: None)
    routes = Control(exchange, clock, Secret("token")).application().router.routes()
    calls = {
        f"{route.method} {route.resource.canonical}"
        for route in routes
        if route.resource is not None and route.method != "HEAD"
    }

    named = set(re.findall(r"`((?:GET|POST|DELETE) /[^`]*)`", PAGE))

    assert calls <= named
    assert {name for name in named if "networking" not in name} <= calls


def test_every_fault_and_its_fields_are_on_the_page() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", PAGE, re.MULTILINE))

    for action in typing.get_args(faults.Action):
        fields = {field.encode_name for field in msgspec.structs.fields(action)}
        assert fields == set(re.findall(r"`(\w+)`", rows[str(action.__struct_config__.tag)]))


def test_the_names_of_the_seed_are_on_the_page() -> None:
    names = [flavor.name for flavor in seed.FLAVORS] + [name for name, _ in seed.IMAGE_NAMES.values()]
    names += [kind.name for kind in seed.VOLUME_TYPES] + [text for host in HOSTS for text in (host.name, host.zone)]

    assert [name for name in names if f"`{name}`" not in PAGE] == []
