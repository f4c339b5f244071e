"""Read query parameters, as Go reads them.

Sources: k8s.io/apimachinery pkg/runtime/converter.go, pkg/apis/meta/internalversion/validation and defaults.go;
https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions.
"""

import re
from collections.abc import Iterator, Mapping

from kubecapy.apimachinery.errors import BadRequest, invalid
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.go_text import go_quote
from kubecapy.apiserver.operations.decoding import FieldValidation
from kubecapy.apiserver.operations.listing import ListOptions
from kubecapy.apiserver.registry.strategies.errors import forbidden, not_supported
from kubecapy.apiserver.registry.strategies.errors import invalid as invalid_field

_FALSE = ("false", "0")
_VALIDATIONS: Mapping[str, FieldValidation] = {"": "Warn", "Strict": "Strict", "Warn": "Warn", "Ignore": "Ignore"}
_EXACT, _NOT_OLDER = "Exact", "NotOlderThan"
_MATCH, _INITIAL = "resourceVersionMatch", "sendInitialEvents"
_MAX_MANAGER_BYTES = 128
_MAX_INT64 = 2**63 - 1
_MAX_UINT64 = 2**64 - 1


def read_bool(query: Mapping[str, str], name: str) -> bool:
    """Return a boolean parameter: False where it is absent, `0` or `false`, and True whatever else it is."""
    text = query.get(name)
    return text is not None and text.lower() not in _FALSE


def read_integer(query: Mapping[str, str], name: str) -> int | None:
    """Return a parameter that is a whole number; None where it is absent.

    Raises:
        BadRequest: it is no such number, or too large.
    """
    text = query.get(name)
    if text is None:
        return None
    if re.fullmatch(r"[+-]?[0-9]+", text) is None:
        raise BadRequest(f"strconv.ParseInt: parsing {go_quote(text)}: invalid syntax")
    value = _bounded_int(text)
    if not -_MAX_INT64 - 1 <= value <= _MAX_INT64:
        raise BadRequest(f"strconv.ParseInt: parsing {go_quote(text)}: value out of range")
    return value


def read_revision(query: Mapping[str, str]) -> int | None:
    """Return the resourceVersion asked for; None where it is absent or empty.

    Raises:
        BadRequest: it is none that this server gave out.
    """
    text = query.get("resourceVersion")
    if not text:
        return None
    quoted = go_quote(text)
    wrong = f"invalid resource version: resourceVersion: Invalid value: {quoted}: strconv.ParseUint: parsing {quoted}"
    if re.fullmatch(r"[0-9]+", text) is None:
        raise BadRequest(f"{wrong}: invalid syntax")
    value = _bounded_int(text)
    if value > _MAX_UINT64:
        raise BadRequest(f"{wrong}: value out of range")
    return value


def read_list_options(query: Mapping[str, str]) -> ListOptions:
    """Return what a list request asks for.

    Raises:
        BadRequest: a parameter cannot be read.
        Invalid: two of them do not go together.
    """
    limit = read_integer(query, "limit")
    read_integer(query, "timeoutSeconds")
    _refuse(list(_list_errors(query)))
    return ListOptions(
        limit=max(limit or 0, 0),
        continue_token=query.get("continue", ""),
        resource_version=read_revision(query) if not query.get("continue") else None,
        match=query.get(_MATCH, ""),
        names_revision=query.get("resourceVersion", "") not in ("", "0"),
    )


def check_watch_options(query: Mapping[str, str]) -> None:
    """Check that the parameters of a watch go together.

    Raises:
        Invalid: they do not.
    """
    _refuse(list(_watch_errors(query)))


def _list_errors(query: Mapping[str, str]) -> Iterator[FieldError]:
    match, revision = query.get(_MATCH, ""), query.get("resourceVersion", "")
    if match:
        if not revision:
            yield forbidden(_MATCH, f"{_MATCH} is forbidden unless resourceVersion is provided")
        if query.get("continue"):
            yield forbidden(_MATCH, f"{_MATCH} is forbidden when continue is provided")
        if match not in (_EXACT, _NOT_OLDER):
            yield not_supported(_MATCH, match, (_EXACT, _NOT_OLDER, ""))
        if match == _EXACT and revision == "0":
            yield forbidden(_MATCH, f'{_MATCH} "exact" is forbidden for resourceVersion "0"')
    if _INITIAL in query:
        yield forbidden(_INITIAL, f"{_INITIAL} is forbidden for list")


def _watch_errors(query: Mapping[str, str]) -> Iterator[FieldError]:
    match = query.get(_MATCH, "")
    if _INITIAL in query and match != _NOT_OLDER:
        yield forbidden(_MATCH, f"{_INITIAL} requires setting {_MATCH} to {_NOT_OLDER}")
    if not match:
        return
    if _INITIAL not in query:
        yield forbidden(_MATCH, f"{_MATCH} is forbidden for watch unless {_INITIAL} is provided")
    if match != _NOT_OLDER:
        yield not_supported(_MATCH, match, (_NOT_OLDER,))
    if query.get("continue"):
        yield forbidden(_MATCH, f"{_MATCH} is forbidden when continue is provided")


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise invalid("ListOptions", "meta.k8s.io", "", errors)


def _bounded_int(text: str) -> int:
    # Limit: Python refuses to read numbers of more than 4,300 digits; beyond 40 all are too large alike.
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text.removeprefix("+"))
    return int(sign + (digits.lstrip("0") or "0")[:40])


def read_write_options(query: Mapping[str, str], options: str) -> FieldValidation:
    """Return how unknown fields are to be treated; `options` is what the query is called in errors.

    Raises:
        Invalid: a parameter has a wrong value.
        BadRequest: a dry run is asked for.
    """
    errors = list(_write_errors(query, options))
    if errors:
        raise invalid(options, "meta.k8s.io", "", errors)
    refuse_dry_run(query)
    return _VALIDATIONS[query.get("fieldValidation", "")]


def _write_errors(query: Mapping[str, str], options: str) -> Iterator[FieldError]:
    """Yield what is wrong with the options of a write (k8s.io/apimachinery pkg/apis/meta/v1/validation)."""
    if options == "PatchOptions" and "force" in query:
        yield forbidden("force", "may not be specified for non-apply patch")
    manager = query.get("fieldManager", "")
    if len(manager.encode(errors="replace")) > _MAX_MANAGER_BYTES:
        yield FieldError(
            "fieldManager", "FieldValueTooLong", f"Too long: may not be more than {_MAX_MANAGER_BYTES} bytes"
        )
    for place, character in enumerate(manager):
        if not character.isprintable():
            at = len(manager[:place].encode(errors="replace"))
            yield invalid_field("fieldManager", manager, f"invalid character U+{ord(character):04X} (at position {at})")
    if (dry_run := query.get("dryRun", "")) not in ("", "All"):
        detail = f'Unsupported value: [{go_quote(dry_run)}]: supported values: "All"'
        yield FieldError("dryRun", "FieldValueNotSupported", detail)
    if (validation := query.get("fieldValidation", "")) not in _VALIDATIONS:
        yield not_supported("fieldValidation", validation, ("", "Ignore", "Strict", "Warn"))


def refuse_dry_run(query: Mapping[str, str]) -> None:
    """Refuse what this server cannot do.

    Raises:
        BadRequest: a dry run is asked for.
    """
    if query.get("dryRun"):
        raise BadRequest("dryRun: this server cannot try a write without doing it; send the request without dryRun")
