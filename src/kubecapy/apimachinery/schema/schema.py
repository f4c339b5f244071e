"""Offer what a structural schema can do to an object: validate, default, prune."""

from typing import Any

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.schema.defaulting import compile_defaults
from kubecapy.apimachinery.schema.lists import ABSENT
from kubecapy.apimachinery.schema.nodes import Node, walk
from kubecapy.apimachinery.schema.pruning import compile_prune
from kubecapy.apimachinery.schema.rules import compile_rules
from kubecapy.apimachinery.schema.structure import read_structure
from kubecapy.apimachinery.schema.validation import compile_check
from kubecapy.apimachinery.schema.wording import NOT_CHECKED

_BLOCKING = frozenset(
    {
        "FieldValueNotSupported",
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
    }
)
"""Errors after which rules are not evaluated: they may rely on types, presence and sizes."""


class SchemaError(ValueError):
    """A schema is not structural or a rule of it does not compile; `errors` names every place."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        """Keep the findings; the message lists them."""
        super().__init__(", ".join(str(error) for error in errors))
        self.errors = errors


class Schema:
    """A compiled structural schema of one kind; immutable, shared freely. Every method returns new values."""

    def __init__(self, root: Node, errors: list[FieldError]) -> None:
        """Compile what `root` describes; rules that do not compile are appended to `errors`."""
        self._check = compile_check(root)
        self._rules = compile_rules(root, errors)
        self._fill = compile_defaults(root)
        self._prune = compile_prune(root, is_resource=True)

    def validate(self, obj: Any, old: Any = ABSENT, path: str = "") -> list[FieldError]:
        """Return everything that is wrong with `obj`, empty where nothing is.

        Args:
            obj: A decoded JSON object.
            old: The object before an update. Where it is given, transition rules are evaluated, and what is wrong
                but unchanged is not reported. None and ABSENT mean that there is none.
            path: Put before every path.
        """
        errors: list[FieldError] = []
        old = ABSENT if old is None else old
        self._check(obj, old, path, errors)
        if self._rules is None:
            return errors
        if any(error.type in _BLOCKING for error in errors):
            return [*errors, NOT_CHECKED]
        self._rules(obj, old, path, errors)
        return errors

    def default(self, obj: Any) -> Any:
        """Return `obj` with every default filled in."""
        return self._fill(obj)

    def prune(self, obj: Any) -> tuple[Any, list[str]]:
        """Return `obj` without the fields that the schema does not know, and their paths.

        apiVersion, kind and metadata belong to every object; metadata is pruned to what metav1.ObjectMeta has.
        """
        unknown: list[str] = []
        return self._prune(obj, "", unknown), unknown


def compile_schema(openapi: JsonObject, path: str = "openAPIV3Schema") -> Schema:
    """Return the compiled `openapi` schema of a kind.

    Args:
        openapi: The value of a CustomResourceDefinition's `openAPIV3Schema`.
        path: Where it stands; put before the paths of errors.

    Raises:
        SchemaError: it is not structural, a pattern or a rule does not compile, or a default is not valid.
    """
    errors: list[FieldError] = []
    root = read_structure(openapi, path, errors)
    if errors:
        raise SchemaError(tuple(errors))
    schema = Schema(root, errors)
    errors.extend(_check_defaults(root))
    if errors:
        raise SchemaError(tuple(errors))
    return schema


def _check_defaults(root: Node) -> list[FieldError]:
    """Return what is wrong with the defaults; rules see a default before those below it are filled in, as there."""
    errors: list[FieldError] = []
    for node in walk(root):
        if not node.has_default:
            continue
        path, before = f"{node.path}.default", len(errors)
        compile_check(node)(compile_defaults(node)(node.default), ABSENT, path, errors)
        # Rules that do not compile were told of when the whole schema was compiled.
        rules = compile_rules(node, [])
        if rules is not None and len(errors) == before:
            rules(node.default, ABSENT, path, errors)
    return errors
