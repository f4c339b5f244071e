"""Break custom kinds: their schemas, and what becomes of their definitions."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.conformance.defects.defect import Defect

from kubecapy.apimachinery.cel.types import Type
from kubecapy.apimachinery.cel.unification import Substitutions
from kubecapy.apimachinery.schema import lists, pruning, rules
from kubecapy.apimachinery.schema.schema import Schema
from kubecapy.apiserver.crd import lifecycle


def _fill_nothing() -> None:
    def default(_schema: Schema, obj: Any) -> Any:
        return obj

    Schema.default = default  # type: ignore[method-assign]


def _allow_duplicates() -> None:
    lists._report = lambda *_arguments: None


def _keep_unknown_fields_of_items() -> None:
    pruning._compile_items = lambda *_arguments, **_options: pruning._keep


def _accept_names_in_use() -> None:
    lifecycle._in_use = lambda *_arguments: iter(())


def _name_another_reason() -> None:
    decide = lifecycle._decide

    def misread(*arguments: Any) -> Any:
        names, conflict = decide(*arguments)
        if conflict is not None:
            conflict = lifecycle.Condition(
                type=conflict.type, status="False", reason="Conflict", message=conflict.message
            )
        return names, conflict

    lifecycle._decide = misread


def _ask_transition_rules_always() -> None:
    make = rules._Rule.__init__

    def misjudge(self: rules._Rule, *arguments: Any) -> None:
        make(self, *arguments)
        self.needs_old = False

    rules._Rule.__init__ = misjudge  # type: ignore[method-assign]


def _type_nothing() -> None:
    check = Substitutions.assign

    def assign(self: Substitutions, given: Sequence[Type], wanted: Sequence[Type]) -> bool:
        return check(self, given, wanted) or len(given) == len(wanted)

    Substitutions.assign = assign  # type: ignore[method-assign]


CUSTOM: Mapping[str, Defect] = {
    "a default is not filled in": Defect(_fill_nothing, "test_definition_lifecycle.py"),
    "a set holds an entry twice": Defect(_allow_duplicates, "test_schemas.py"),
    "a transition rule is asked on creation": Defect(_ask_transition_rules_always, "test_cel.py"),
    "any type stands where another is wanted": Defect(_type_nothing, "test_cel.py"),
    "items of lists keep what their schema does not know": Defect(_keep_unknown_fields_of_items, "test_schemas.py"),
    "names in use are accepted": Defect(_accept_names_in_use, "test_definition_lifecycle.py"),
    "a conflict of names has a reason of its own": Defect(_name_another_reason, "test_definition_lifecycle.py"),
}
