"""Read which part of a container's log is asked for.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#get-read-log-of-the-specified-pod
and pkg/apis/core/validation: ValidatePodLogOptions.
"""

from collections.abc import Mapping

import msgspec

from kubecapy.apimachinery.errors import BadRequest, invalid
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.times import parse_time

_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False", "")
_LEAST = {"tailLines": 0, "sinceSeconds": 1, "limitBytes": 1}


class LogOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; `query` is what the kubelet is asked in turn."""

    container: str
    """Empty for the only one."""
    follow: bool
    query: Mapping[str, str]


def read_log_options(pod: str, query: Mapping[str, str]) -> LogOptions:
    """Return the options in the query of a request for the log of `pod`.

    Raises:
        BadRequest: a value is no boolean, number or time.
        Invalid: a number is out of range, or two options exclude each other.
    """
    flags = {name: _read_flag(query, name) for name in ("follow", "previous", "timestamps")}
    numbers = {name: _read_number(query, name) for name in _LEAST if query.get(name)}
    _refuse_wrong(pod, numbers, query)
    forwarded = {name: "true" for name, is_set in flags.items() if is_set}
    forwarded |= {name: str(number) for name, number in numbers.items()}
    if query.get("sinceTime"):
        forwarded["sinceTime"] = _read_time(query["sinceTime"])
    return LogOptions(container=query.get("container", ""), follow=flags["follow"], query=forwarded)


def _read_flag(query: Mapping[str, str], name: str) -> bool:
    text = query.get(name, "")
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise BadRequest(f'{name}: Invalid value: "{text}": must be true or false')


def _read_number(query: Mapping[str, str], name: str) -> int:
    try:
        return int(query[name])
    except ValueError as error:
        raise BadRequest(f'{name}: Invalid value: "{query[name]}": must be an integer') from error


def _read_time(text: str) -> str:
    try:
        parse_time(text)
    except ValueError as error:
        raise BadRequest(f'sinceTime: Invalid value: "{text}": must be an RFC 3339 time') from error
    return text


def _refuse_wrong(pod: str, numbers: Mapping[str, int], query: Mapping[str, str]) -> None:
    errors = [
        FieldError(name, "FieldValueInvalid", f"Invalid value: {number}: must be greater than {_bound(name)}")
        for name, number in numbers.items()
        if number < _LEAST[name]
    ]
    if "sinceSeconds" in numbers and query.get("sinceTime"):
        detail = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
        errors.append(FieldError("sinceSeconds", "FieldValueForbidden", detail))
    if errors:
        raise invalid("PodLogOptions", "", pod, errors)


def _bound(name: str) -> str:
    return "or equal to 0" if _LEAST[name] == 0 else "0"
