"""Offer what a structural schema can do to an object: validate, default, prune."""

from typing import Any, Final

from kubecapy.apimachinery.field_errors import below, forbidden, invalid
from kubecapy.apimachinery.fields import FieldError, unknown_field
from kubecapy.apimachinery.go_types import WrongType
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.schema.correlation import ABSENT, member_before
from kubecapy.apimachinery.schema.default_checks import check_defaults
from kubecapy.apimachinery.schema.defaulting import compile_defaults
from kubecapy.apimachinery.schema.embedded import MetadataCheck, compile_coerce, compile_embedded
from kubecapy.apimachinery.schema.keywords import check_keywords
from kubecapy.apimachinery.schema.lists import compile_list_types
from kubecapy.apimachinery.schema.props import JSONSchemaProps, read_props
from kubecapy.apimachinery.schema.pruning import UnknownPath, compile_prune
from kubecapy.apimachinery.schema.rules_on_demand import check_rules, compile_rules
from kubecapy.apimachinery.schema.structural import check_structure, find_unsupported
from kubecapy.apimachinery.schema.validation import Check, compile_check
from kubecapy.apimachinery.schema.wording import NOT_CHECKED

_BLOCKING: Final = frozenset(
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


def any_metadata(_obj: JsonObject) -> list[FieldError]:
    """Find nothing wrong with any metadata of embedded objects."""
    return []


class Schema:
    """A compiled structural schema of one kind; immutable, shared freely. Every method returns new values."""

    def __init__(self, props: JSONSchemaProps, check_metadata: MetadataCheck = any_metadata) -> None:
        """Compile what `props`, which `check_schema` found right, describes."""
        self._check = compile_check(props, is_root=True)
        status = props.properties.get("status")
        self._check_status = compile_check(status) if status is not None else None
        self._lists = compile_list_types(props)
        self._rules = compile_rules(props, is_root=True)
        self._fill = compile_defaults(props)
        self._prune = compile_prune(props, is_resource=True)
        self._coerce = compile_coerce(props)
        self._embedded = compile_embedded(props, check_metadata)

    def validate(self, obj: Any, old: Any = ABSENT) -> list[FieldError]:
        """Return everything that is wrong with `obj`, empty where nothing is.

        Args:
            obj: A decoded JSON object.
            old: The object before an update. Where it is given, transition rules are evaluated, and what is wrong
                but unchanged is not reported. None and ABSENT mean that there is none.
        """
        old = ABSENT if old is None else old
        errors = self.check_values(obj, old)
        errors += self.check_embedded(obj)
        errors += self.check_rest(obj, old, errors)
        return errors

    def check_values(self, obj: Any, old: Any = ABSENT) -> list[FieldError]:
        """Return what is wrong with the values of `obj`: types, presence, limits, logical operators."""
        return _told_once(self._check, obj, old)

    def check_status_values(self, obj: JsonObject, old: JsonObject) -> list[FieldError]:
        """Return what is wrong with the values in the status of `obj`, an update of `old`."""
        if self._check_status is None or "status" not in obj:
            return []
        before = member_before(old, "status")
        return [below("status", error) for error in _told_once(self._check_status, obj["status"], before)]

    def check_embedded(self, obj: Any) -> list[FieldError]:
        """Return what is wrong with the objects that are embedded in `obj`."""
        errors: list[FieldError] = []
        if self._embedded is not None:
            self._embedded(obj, "", errors)
        return errors

    def check_rest(self, obj: Any, old: Any, found: list[FieldError]) -> list[FieldError]:
        """Return what is wrong with `obj` beyond its values: entries that sets and maps hold twice, broken rules.

        Args:
            obj: A decoded JSON object.
            old: The object before an update, or ABSENT.
            found: What is wrong with its values already; some of it keeps rules from being evaluated.
        """
        errors: list[FieldError] = []
        if self._lists is not None and not self._had_duplicates(old):
            self._lists(obj, "", errors)
        if self._rules is None:
            return errors
        if any(error.type in _BLOCKING for error in (*found, *errors)):
            return [*errors, NOT_CHECKED]
        self._rules(obj, old, "", errors)
        return errors

    def default(self, obj: Any) -> Any:
        """Return `obj` with every default filled in."""
        return obj if self._fill is None else self._fill(obj)

    def prune(self, obj: Any) -> tuple[Any, list[str]]:
        """Return `obj` without what the schema does not know, and the paths of that.

        apiVersion, kind and metadata belong to every object, and are left as they are.

        Raises:
            MalformedMetadata: the metadata of an embedded object has a field of the wrong type.
        """
        unknown: list[str] = []
        pruned = self._prune(obj, "", unknown)
        unknown.sort()
        if self._coerce is not None:
            coerced: list[str] = []
            pruned = self._coerce(pruned, "", coerced)
            unknown += sorted(coerced)
        return pruned, unknown

    def find_unknown(self, obj: Any) -> list[FieldError]:
        """Return an error for each field of `obj` that the schema does not know, with the nearest known name.

        Raises:
            MalformedMetadata: as `prune`.
        """
        _, unknown = self.prune(obj)
        known = (path if isinstance(path, UnknownPath) else UnknownPath(*_split(path), ()) for path in unknown)
        return [unknown_field(path.parent, path.name, path.known) for path in known]

    def _had_duplicates(self, old: Any) -> bool:
        """Return whether lists held an entry twice before already: then they may go on to do so."""
        errors: list[FieldError] = []
        if self._lists is not None and old is not ABSENT:
            self._lists(old, "", errors)
        return bool(errors)


def check_schema(props: JSONSchemaProps, path: str, check_metadata: MetadataCheck = any_metadata) -> list[FieldError]:
    """Return what is wrong with the schema of a whole kind, which stands at `path`; empty where nothing is."""
    errors = [forbidden(f"{path}.nullable", "nullable cannot be true at the root")] if props.nullable else []
    unsupported = find_unsupported(props)
    rule_errors: list[FieldError] = []
    if unsupported is None:
        structure = check_structure(props, path) or check_defaults(props, path, check_metadata)
        errors += structure
        if not structure:
            rule_errors = check_rules(props, path)
    keywords = check_keywords(props, path)
    errors += keywords
    if not keywords:
        errors += rule_errors
    return [invalid(path, "", unsupported)] if unsupported is not None and not errors else errors


def compile_schema(openapi: JsonObject, path: str = "openAPIV3Schema") -> Schema:
    """Return the compiled `openapi` schema of a kind.

    Args:
        openapi: The value of a CustomResourceDefinition's `openAPIV3Schema`.
        path: Where it stands; put before the paths of errors.

    Raises:
        SchemaError: it is not structural, a pattern or a rule does not compile, or a default is not valid.
    """
    try:
        props = read_props(openapi)
    except WrongType as error:
        raise SchemaError((invalid(path, "", str(error)),)) from error
    errors = check_schema(props, path)
    if errors:
        raise SchemaError(tuple(errors))
    return Schema(props)


def _split(path: str) -> tuple[str, str]:
    parent, _, name = path.rpartition(".")
    return parent, name


def _told_once(check: Check, value: Any, old: Any) -> list[FieldError]:
    errors: list[FieldError] = []
    check(value, old, "", errors)
    # The same may be found on several ways through logical operators.
    return list(dict.fromkeys(errors)) if len(errors) > 1 else errors
