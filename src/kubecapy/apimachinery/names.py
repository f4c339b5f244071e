"""Check and make names, labels and suffixes, in the API server's words.

Sources: k8s.io/apimachinery pkg/util/validation, pkg/api/validation/path; k8s.io/apiserver pkg/storage/names;
k8s.io/apimachinery pkg/util/rand (SafeEncodeString).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from kubecapy.apimachinery.fields import FieldError

NameRule = Literal["subdomain", "label", "path-segment"]

MAX_SUBDOMAIN_LENGTH = 253
MAX_LABEL_LENGTH = 63
SUFFIX_LENGTH = 5

_SAFE_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""No vowels and no look-alikes, so that no suffix spells a word."""

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = f"({_QUALIFIED})?"

_SUBDOMAIN_MESSAGE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and"
    f" end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
_LABEL_MESSAGE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with"
    f" an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
)
_DNS1035_LABEL = "[a-z]([-a-z0-9]*[a-z0-9])?"
_DNS1035_MESSAGE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character,"
    " and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is"
    f" '{_DNS1035_LABEL}')"
)
_QUALIFIED_MESSAGE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric"
    f" character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED}')"
)
_LABEL_VALUE_MESSAGE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is"
    f" '{_LABEL_VALUE}')"
)


class RandomSource(Protocol):
    """Draws at random; `random.Random` is one."""

    def choice(self, seq: Sequence[str], /) -> str:
        """Return one entry of `seq`."""
        ...


def validate_name(name: str, rule: NameRule) -> str | None:
    """Return what is wrong with `name` by `rule`, worded as the API server words it; None where it is right."""
    match rule:
        case "subdomain":
            return _check(name, _SUBDOMAIN, _SUBDOMAIN_MESSAGE, MAX_SUBDOMAIN_LENGTH)
        case "label":
            return _check(name, _LABEL, _LABEL_MESSAGE, MAX_LABEL_LENGTH)
        case "path-segment":
            return _check_path_segment(name)


def validate_dns1035_label(name: str) -> str:
    """Return what is wrong with `name` as a label that begins with a letter; empty where nothing is."""
    wrong = [f"must be no more than {MAX_LABEL_LENGTH} characters"] if len(name) > MAX_LABEL_LENGTH else []
    if not re.fullmatch(_DNS1035_LABEL, name):
        wrong.append(_DNS1035_MESSAGE)
    return ",".join(wrong)


def validate_labels(labels: Mapping[str, str], path: str) -> list[FieldError]:
    """Return what is wrong with the keys and values of `labels`, which stand at `path`."""
    errors = [
        FieldError(path, "FieldValueInvalid", f'Invalid value: "{key}": {message}')
        for key in labels
        if (message := qualified_name_error(key))
    ]
    errors.extend(
        FieldError(path, "FieldValueInvalid", f'Invalid value: "{value}": {message}')
        for value in labels.values()
        if (message := label_value_error(value))
    )
    return errors


def label_value_error(value: str) -> str | None:
    """Return what is wrong with `value` as the value of a label; None if nothing."""
    return _check(value, _LABEL_VALUE, _LABEL_VALUE_MESSAGE, MAX_LABEL_LENGTH)


def qualified_name_error(name: str) -> str | None:
    """Return what is wrong with `name` as a label or annotation key or a finalizer, `[prefix/]name`; None if nothing.

    Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set.
    """
    prefix, slash, part = name.rpartition("/")
    if "/" in prefix:
        return "a qualified name must consist of an optional DNS subdomain prefix, one '/' and a name"
    if slash and (message := validate_name(prefix, "subdomain") if prefix else "must be non-empty"):
        return f"prefix part {message}"
    if not part:
        return "name part must be non-empty"
    return _check(part, _QUALIFIED, _QUALIFIED_MESSAGE, MAX_LABEL_LENGTH)


def qualified_name_errors(name: str) -> list[str]:
    """Return everything that is wrong with `[prefix/]name`, where `qualified_name_error` stops at the first."""
    prefix, slash, part = name.rpartition("/")
    wrong = []
    if slash and (message := validate_name(prefix, "subdomain") if prefix else "must be non-empty"):
        wrong.append(f"prefix part {message}")
    if not part:
        wrong.append("name part must be non-empty")
    if len(part) > MAX_LABEL_LENGTH:
        wrong.append(f"name part must be no more than {MAX_LABEL_LENGTH} bytes")
    if re.fullmatch(_QUALIFIED, part) is None:
        wrong.append(_QUALIFIED_MESSAGE)
    return wrong


def generate_name(prefix: str, random: RandomSource) -> str:
    """Return `prefix` with a random suffix of 5 characters; `prefix` is cut so that the name has at most 63.

    Promise: 14 million suffixes a prefix; a clash is possible, so the caller answers AlreadyExists by trying again.
    """
    suffix = "".join(random.choice(_SAFE_ALPHABET) for _ in range(SUFFIX_LENGTH))
    return prefix[: MAX_LABEL_LENGTH - SUFFIX_LENGTH] + suffix


def template_hash(value: Any) -> str:  # Any: a Struct or a JSON value
    """Return a short name-safe hash of `value`, the same in every process: FNV-1a (32 bits) of its sorted JSON."""
    return safe_encode(str(fnv1a_32(encode_sorted(value))))


def fnv1a_32(data: bytes) -> int:
    """Return the 32-bit FNV-1a hash of `data` (http://www.isthe.com/chongo/tech/comp/fnv/)."""
    digest = 0x811C9DC5
    for byte in data:
        digest = ((digest ^ byte) * 0x01000193) & 0xFFFFFFFF
    return digest


def encode_sorted(value: Any) -> bytes:  # Any: a Struct or a JSON value
    """Return `value` as JSON whose keys are sorted, so that equal values have equal bytes."""
    return msgspec.json.encode(value, order="deterministic")


def safe_encode(text: str) -> str:
    """Return `text` mapped character by character to the safe alphabet."""
    return "".join(_SAFE_ALPHABET[ord(character) % len(_SAFE_ALPHABET)] for character in text)


def _check(name: str, pattern: str, message: str, limit: int) -> str | None:
    if len(name) > limit:
        return f"must be no more than {limit} characters"
    return None if re.fullmatch(pattern, name) else message


def _check_path_segment(name: str) -> str | None:
    if name in (".", ".."):
        return f"may not be '{name}'"
    found = next((character for character in "/%" if character in name), None)
    return f"may not contain '{found}'" if found else None
