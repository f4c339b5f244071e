"""Read an OpenAPI v3 schema as a tree of nodes and refuse what is not structural.

Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/, section
"Specifying a structural schema". Paths of errors are those of the API server: `properties[spec].type`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from kubecapy.apimachinery.codec import DecodeError, convert
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.schema.nodes import Node, RuleSource
from kubecapy.apimachinery.schema.patterns import PatternError, compile_pattern

TYPES: Final = frozenset({"object", "array", "string", "integer", "number", "boolean"})
_FORBIDDEN: Final = (
    "$ref",
    "definitions",
    "dependencies",
    "deprecated",
    "discriminator",
    "id",
    "patternProperties",
    "readOnly",
    "writeOnly",
    "xml",
)
_FORBIDDEN_IN_LOGIC: Final = (
    "additionalProperties",
    "default",
    "description",
    "nullable",
    "title",
    "type",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-preserve-unknown-fields",
)
_COUNTS: Final = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_NUMBERS: Final = ("minimum", "maximum", "multipleOf")
_FLAGS: Final = (
    "nullable",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "uniqueItems",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
)
_VALIDATIONS: Final = (*_COUNTS, *_NUMBERS, "exclusiveMinimum", "exclusiveMaximum", "pattern", "format", "enum")


class _RuleList(msgspec.Struct, frozen=True):
    """The rules of one node."""

    rules: tuple[RuleSource, ...]


def read_structure(openapi: JsonObject, path: str, errors: list[FieldError]) -> Node:
    """Return the root node of `openapi`; every finding is appended to `errors`, all at once."""
    if isinstance(openapi, dict) and openapi.get("type") != "object":
        detail = f'Invalid value: "{openapi.get("type", "")}": must be object at the root'
        errors.append(FieldError(f"{path}.type", "FieldValueInvalid", detail))
        return Node(path=path)
    return _Reader(errors).read(openapi, path)


class _Reader:
    def __init__(self, errors: list[FieldError]) -> None:
        self._errors = errors

    def read(self, source: Any, path: str, *, in_logic: bool = False) -> Node:
        if not isinstance(source, dict):
            self._add(path, "FieldValueTypeInvalid", "Invalid value: must be a schema object")
            return Node(path=path)
        self._refuse_forbidden(source, path, in_logic=in_logic)
        self._check_keywords(source, path)
        type_ = self._read_type(source, path, in_logic=in_logic)
        return Node(
            path=path,
            type=type_,
            nullable=source.get("nullable") is True,
            properties=self._read_properties(source, path, in_logic=in_logic),
            additional=self._read_additional(source, path),
            items=self._read_items(source, path, type_, in_logic=in_logic),
            required=self._names(source, "required", path),
            has_default="default" in source,
            default=source.get("default"),
            preserve_unknown=source.get("x-kubernetes-preserve-unknown-fields") is True,
            embedded_resource=source.get("x-kubernetes-embedded-resource") is True,
            int_or_string=source.get("x-kubernetes-int-or-string") is True,
            list_type=self._read_list_type(source, path),
            list_map_keys=self._names(source, "x-kubernetes-list-map-keys", path),
            validations={name: source[name] for name in _VALIDATIONS if name in source},
            all_of=self._read_logic(source, "allOf", path),
            any_of=self._read_logic(source, "anyOf", path),
            one_of=self._read_logic(source, "oneOf", path),
            forbidden=self.read(source["not"], f"{path}.not", in_logic=True) if "not" in source else None,
            rules=self._read_rules(source, path),
        )

    def _add(self, path: str, type_: Any, detail: str) -> None:
        self._errors.append(FieldError(path, type_, detail))

    def _refuse_forbidden(self, source: JsonObject, path: str, *, in_logic: bool) -> None:
        for name in _FORBIDDEN:
            if name in source:
                self._add(f"{path}.{name}", "FieldValueForbidden", f"Forbidden: {name} is not supported")
        if source.get("uniqueItems") is True:
            detail = "Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
            self._add(f"{path}.uniqueItems", "FieldValueForbidden", detail)
        if not in_logic:
            return
        for name in _FORBIDDEN_IN_LOGIC:
            if name in source and not _is_int_or_string_branch(source):
                self._add(f"{path}.{name}", "FieldValueForbidden", "Forbidden: must be empty to be structural")

    def _check_keywords(self, source: JsonObject, path: str) -> None:
        expectations: tuple[tuple[tuple[str, ...], str, Callable[[Any], bool]], ...] = (
            (_COUNTS, "a non-negative integer", lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 0),
            (_NUMBERS, "a number", lambda v: isinstance(v, int | float) and not isinstance(v, bool)),
            (_FLAGS, "true or false", lambda v: isinstance(v, bool)),
            (("pattern", "format", "type", "description"), "a string", lambda v: isinstance(v, str)),
            (("enum",), "a non-empty list", lambda v: isinstance(v, list) and bool(v)),
        )
        for names, expected, holds in expectations:
            for name in names:
                if name in source and not holds(source[name]):
                    self._add(f"{path}.{name}", "FieldValueInvalid", f"Invalid value: must be {expected}")
        self._check_pattern(source, path)

    def _check_pattern(self, source: JsonObject, path: str) -> None:
        pattern = source.get("pattern")
        if not isinstance(pattern, str):
            return
        try:
            compile_pattern(pattern)
        except PatternError as error:
            detail = f'Invalid value: "{pattern}": must be a valid regular expression, but isn\'t: {error}'
            self._add(f"{path}.pattern", "FieldValueInvalid", detail)

    def _read_type(self, source: JsonObject, path: str, *, in_logic: bool) -> str:
        type_ = source.get("type", "")
        if type_ == "":
            free = source.get("x-kubernetes-int-or-string") or source.get("x-kubernetes-preserve-unknown-fields")
            if not free and not in_logic:
                detail = "Required value: must not be empty for specified object fields"
                self._add(f"{path}.type", "FieldValueRequired", detail)
            return ""
        if type_ not in TYPES:
            supported = ", ".join(f'"{name}"' for name in sorted(TYPES))
            detail = f'Unsupported value: "{type_}": supported values: {supported}'
            self._add(f"{path}.type", "FieldValueNotSupported", detail)
            return ""
        return str(type_)

    def _read_properties(self, source: JsonObject, path: str, *, in_logic: bool) -> Mapping[str, Node]:
        properties = source.get("properties", {})
        if not isinstance(properties, dict):
            self._add(f"{path}.properties", "FieldValueTypeInvalid", "Invalid value: must be an object")
            return {}
        if properties and source.get("additionalProperties"):
            detail = "Forbidden: additionalProperties and properties are mutual exclusive"
            self._add(f"{path}.additionalProperties", "FieldValueForbidden", detail)
        return {
            name: self.read(child, f"{path}.properties[{name}]", in_logic=in_logic)
            for name, child in properties.items()
        }

    def _read_additional(self, source: JsonObject, path: str) -> Node | None:
        additional = source.get("additionalProperties")
        if additional is None:
            return None
        if additional is False:
            detail = "Forbidden: additionalProperties cannot be set to false"
            self._add(f"{path}.additionalProperties", "FieldValueForbidden", detail)
            return None
        if additional is True:
            return Node(path=path, preserve_unknown=True)
        return self.read(additional, f"{path}.additionalProperties")

    def _read_items(self, source: JsonObject, path: str, type_: str, *, in_logic: bool) -> Node | None:
        if "items" in source:
            return self.read(source["items"], f"{path}.items", in_logic=in_logic)
        if type_ == "array":
            self._add(f"{path}.items", "FieldValueRequired", "Required value: must be specified")
        return None

    def _read_list_type(self, source: JsonObject, path: str) -> str:
        list_type = source.get("x-kubernetes-list-type", "atomic")
        if list_type not in ("atomic", "set", "map"):
            detail = f'Unsupported value: "{list_type}": supported values: "atomic", "map", "set"'
            self._add(f"{path}.x-kubernetes-list-type", "FieldValueNotSupported", detail)
        if list_type == "map" and not source.get("x-kubernetes-list-map-keys"):
            detail = "Required value: must not be empty if x-kubernetes-list-type is map"
            self._add(f"{path}.x-kubernetes-list-map-keys", "FieldValueRequired", detail)
        return str(list_type)

    def _names(self, source: JsonObject, keyword: str, path: str) -> tuple[str, ...]:
        names = source.get(keyword, [])
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            return tuple(names)
        self._add(f"{path}.{keyword}", "FieldValueInvalid", "Invalid value: must be a list of names")
        return ()

    def _read_logic(self, source: JsonObject, keyword: str, path: str) -> tuple[Node, ...]:
        branches = source.get(keyword, [])
        if not isinstance(branches, list):
            self._add(f"{path}.{keyword}", "FieldValueInvalid", "Invalid value: must be a list of schemas")
            return ()
        return tuple(
            self.read(branch, f"{path}.{keyword}[{index}]", in_logic=True) for index, branch in enumerate(branches)
        )

    def _read_rules(self, source: JsonObject, path: str) -> tuple[RuleSource, ...]:
        keyword = "x-kubernetes-validations"
        try:
            return convert({"rules": source.get(keyword, [])}, _RuleList).rules
        except DecodeError as error:
            place = error.path.removeprefix("rules")
            self._add(f"{path}.{keyword}{place}", "FieldValueInvalid", f"Invalid value: {error.message}")
            return ()


def _is_int_or_string_branch(source: JsonObject) -> bool:
    """The API server lets `anyOf: [{type: integer}, {type: string}]` stand beside int-or-string."""
    return source in ({"type": "integer"}, {"type": "string"})
