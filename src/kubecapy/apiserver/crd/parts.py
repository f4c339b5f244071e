"""Check what a definition says beside its schema: columns, selectable fields, subresources.

Source: pkg/apis/apiextensions/validation/validation.go of k8s.io/apiextensions-apiserver.
"""

from collections.abc import Iterator, Sequence

from kubecapy.apimachinery.field_errors import duplicate, invalid, required, too_many
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.schema.field_paths import FieldPathError, find_field
from kubecapy.apimachinery.schema.props import JSONSchemaProps
from kubecapy.apiserver.crd.types import Column, SelectableField, Subresources

_COLUMN_TYPES = "boolean,date,integer,number,string"
_COLUMN_FORMATS = "byte,date,date-time,double,float,int32,int64,password"
_MAX_SELECTABLE_FIELDS = 8


def check_columns(columns: Sequence[Column], path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the columns of a table."""
    for index, column in enumerate(columns):
        yield from _check_column(column, f"{path}[{index}]")


def _check_column(column: Column, path: str) -> Iterator[FieldError]:
    if not column.name:
        yield required(f"{path}.name")
    if not column.type:
        yield required(f"{path}.type", f"must be one of {_COLUMN_TYPES}")
    elif column.type not in _COLUMN_TYPES.split(","):
        yield invalid(f"{path}.type", column.type, f"must be one of {_COLUMN_TYPES}")
    if column.format and column.format not in _COLUMN_FORMATS.split(","):
        yield invalid(f"{path}.format", column.format, f"must be one of {_COLUMN_FORMATS}")
    yield from _check_path(column.json_path, f"{path}.JSONPath", ())


def check_selectable_fields(
    fields: Sequence[SelectableField], props: JSONSchemaProps, path: str
) -> Iterator[FieldError]:
    """Yield what is wrong with the fields that selectors may name."""
    known: set[str] = set()
    for index, field in enumerate(fields):
        place = f"{path}[{index}].jsonPath"
        if not field.json_path:
            yield required(place)
            continue
        try:
            found, leaf = find_field(field.json_path, props, allows_brackets=False)
        except FieldPathError as error:
            yield invalid(place, field.json_path, f"is an invalid path: {error}")
            continue
        yield from _check_selectable(field.json_path, found, leaf, place)
        if found in known:
            yield duplicate(place, field.json_path)
        known.add(found)
    if len(known) > _MAX_SELECTABLE_FIELDS:
        yield too_many(path, len(known), _MAX_SELECTABLE_FIELDS)


def _check_selectable(text: str, found: str, leaf: JSONSchemaProps, place: str) -> Iterator[FieldError]:
    if found.partition(".")[0] == "metadata":
        yield invalid(place, text, "must not point to fields in metadata")
    if leaf.type not in ("string", "boolean", "integer"):
        detail = (
            "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are"
            " allowed."
        )
        yield invalid(place, text, detail)


def check_subresources(subresources: Subresources | None, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the paths that `scale` reads."""
    if subresources is None or subresources.scale is None:
        return
    scale = subresources.scale
    yield from _check_path(scale.spec_replicas_path, f"{path}.scale.specReplicasPath", (".spec.",))
    yield from _check_path(scale.status_replicas_path, f"{path}.scale.statusReplicasPath", (".status.",))
    if scale.label_selector_path:
        yield from _check_path(scale.label_selector_path, f"{path}.scale.labelSelectorPath", (".spec.", ".status."))


def _check_path(text: str, path: str, prefixes: tuple[str, ...]) -> Iterator[FieldError]:
    if not text:
        yield required(path)
    elif not text.startswith("."):
        yield invalid(path, text, "must be a simple json path starting with .")
    elif prefixes and not text.startswith(prefixes):
        places = " or ".join(prefix.removesuffix(".") for prefix in prefixes)
        yield invalid(path, text, f"should be a json path under {'either ' if len(prefixes) > 1 else ''}{places}")
