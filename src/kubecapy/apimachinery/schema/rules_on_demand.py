"""Read rules where there are rules, and load what reads them only then: it takes longer to load than all else here."""

from typing import TYPE_CHECKING

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.schema.props import JSONSchemaProps, walk

if TYPE_CHECKING:
    from kubecapy.apimachinery.schema.rules import CheckRules


def check_rules(props: JSONSchemaProps, path: str) -> list[FieldError]:
    """Return what is wrong with the rules of a whole schema, which is right but for them."""
    if not _has_rules(props):
        return []
    from kubecapy.apimachinery.schema import rule_checks

    return rule_checks.check_rules(props, path)


def compile_rules(props: JSONSchemaProps, *, is_root: bool) -> "CheckRules | None":
    """Return the walk that evaluates the rules at and below a place; None where there are none.

    Rules that do not compile are left out: `check_rules` tells of them.

    Args:
        props: The schema of the place.
        is_root: Whether it is a whole object, which has metadata whether the schema names it or not.
    """
    if not _has_rules(props):
        return None
    from kubecapy.apimachinery.schema import rules

    return rules.compile_rules(props, is_root=is_root)


def _has_rules(props: JSONSchemaProps) -> bool:
    return any(place.validations for place in walk(props))
