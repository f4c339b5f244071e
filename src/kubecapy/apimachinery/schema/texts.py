"""Check strings: length in code points, pattern and format.

Source: k8s.io/kube-openapi/pkg/validation/validate, files validator.go and formats.go.
"""

from collections.abc import Callable

from kubecapy.apimachinery.field_errors import too_long
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.patterns import compile_pattern
from kubecapy.apimachinery.schema import wording
from kubecapy.apimachinery.schema.formats import find_format
from kubecapy.apimachinery.schema.props import JSONSchemaProps

TextCheck = Callable[[str, str], FieldError | None]
"""Returns what is wrong with a string at a path."""


def compile_text(props: JSONSchemaProps) -> TextCheck | None:
    """Return the check of the length and the pattern of strings; of several things wrong it tells the first.

    None where every string may stand.
    """
    least, greatest = props.min_length, props.max_length
    search = compile_pattern(props.pattern).search if props.pattern else None
    if least is None and greatest is None and search is None:
        return None

    def check(value: str, path: str) -> FieldError | None:
        if greatest is not None and len(value) > greatest:
            return too_long(wording.field_path(path), greatest)
        if least is not None and len(value) < least:
            return wording.broken(path, value, f"should be at least {least} chars long")
        if search is not None and not search(value):
            return wording.broken(path, value, f"should match '{props.pattern}'")
        return None

    return check


def compile_text_format(props: JSONSchemaProps) -> TextCheck | None:
    """Return the check of the format of strings; None where there is none, or one that is not checked."""
    holds = find_format(props.format)
    if holds is None:
        return None

    def check(value: str, path: str) -> FieldError | None:
        return None if holds(value) else wording.wrong_type(path, props.format, value)

    return check
