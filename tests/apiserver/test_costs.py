"""What an operation costs, counted instead of timed."""

from random import Random

import pytest
from tests.apiserver.counted_calls import counted

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.nesting import can_be_too_deep, is_too_deep
from kubecapy.apiserver.core import ServerCore
from kubecapy.apiserver.operations.writing import Update
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.apiserver.storage.records import Record
from kubecapy.clock import SystemClock


@pytest.mark.parametrize("part", ["", "status"])
async def test_an_update_decodes_the_stored_object_twice_for_what_was_and_what_is_wished(
    settings: ApiServerSettings, part: str
) -> None:
    async with ServerCore(settings, SystemClock(), Random(1)) as core:
        await core.writer.create("", "nodes", "", {"metadata": {"name": "n"}})
        kind = core.registry.find("", "v1", "nodes")
        assert kind is not None

        def change(obj: JsonObject) -> JsonObject:
            return {**obj, "spec": {"unschedulable": True}, "status": {"phase": "Running"}}

        with counted(Record.decode) as counts:
            written = await core.writing.update(kind, ObjectKey("", "n"), Update(change=change, part=part))

    assert counts["decode"] == 2
    stored = written.record.decode()
    changed = ("unschedulable" in stored["spec"], "phase" in stored["status"])
    assert changed == ((False, True) if part else (True, False))


def test_a_text_with_few_brackets_needs_no_walk() -> None:
    flat = b'{"items":[' + b",".join([b'{"a":1}'] * 150) + b"]}"

    assert not can_be_too_deep(flat)
    assert can_be_too_deep(b"[" * 201 + b"]" * 201)
    assert not is_too_deep([[1]] * 300)
