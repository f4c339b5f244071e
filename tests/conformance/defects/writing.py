"""Careless changes of what writes: each stores, or refuses, something else than its sender may rely on."""

from collections.abc import Mapping

from tests.conformance.defects.defect import Defect

from kubecapy.apimachinery.errors import Conflict, conflict
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.operations import deleting, writing
from kubecapy.apiserver.registry.kinds import ServedKind


def _replace_any_state() -> None:
    """Take a write that is based on an old state; it undoes what others wrote in between."""
    writing.check_revision = lambda *_arguments, **_options: None


def _delete_any_object_of_the_name() -> None:
    """Forget whom a delete means; it hits the one that was made anew under the name."""
    deleting._check = lambda *_arguments: None


def _call_a_taken_name_a_conflict() -> None:
    """Give a wrong reason; clients read again and try again instead of finding what is there."""

    def already_exists(qualified_plural: str, name: str) -> Conflict:
        return conflict(qualified_plural, name, "the object exists already")

    writing.already_exists = already_exists


def _count_findings_as_wishes() -> None:
    """Raise the generation with the status; a controller that reports what it has seen never catches up."""
    whole = writing.prepare_status_change

    def prepare(kind: ServedKind, obj: JsonObject, old: JsonObject) -> JsonObject:
        prepared = whole(kind, obj, old)
        metadata = prepared["metadata"]
        return prepared | {"metadata": metadata | {"generation": metadata.get("generation", 0) + 1}}

    writing.prepare_status_change = prepare


def _forget_finalizers() -> None:
    """Let an object go though somebody still has to clean up behind it."""
    deleting._waits = lambda kind, obj: kind.strategy.is_held(obj)


def _take_the_status_with_the_wish() -> None:
    """Store the status that came along with a spec; who edits an object sets back what controllers found."""
    whole = writing.prepare_change

    def prepare(kind: ServedKind, obj: JsonObject, old: JsonObject) -> JsonObject:
        sent = {"status": obj["status"]} if "status" in obj else {}
        return whole(kind, obj, old) | sent

    writing.prepare_change = prepare


class _AlwaysNew(dict[str, object]):
    """An object that equals no other."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, _other: object) -> bool:
        return False


def _write_what_is_there_already() -> None:
    """Store an unchanged object again; controllers that write what they find wake each other for ever."""
    whole = writing.prepare_change
    writing.prepare_change = lambda kind, obj, old: _AlwaysNew(whole(kind, obj, old))


WRITING: Mapping[str, Defect] = {
    "an-ignored-revision": Defect(_replace_any_state, "test_replacing.py"),
    "an-ignored-precondition-of-a-delete": Defect(_delete_any_object_of_the_name, "test_deleting.py"),
    "a-wrong-reason-for-a-taken-name": Defect(_call_a_taken_name_a_conflict, "test_creating.py"),
    "a-generation-that-counts-the-status": Defect(_count_findings_as_wishes, "test_replacing.py"),
    "an-ignored-finalizer": Defect(_forget_finalizers, "test_deleting.py"),
    "a-status-written-with-the-wish": Defect(_take_the_status_with_the_wish, "test_replacing.py"),
    "a-write-of-nothing-new": Defect(_write_what_is_there_already, "test_replacing.py"),
}
