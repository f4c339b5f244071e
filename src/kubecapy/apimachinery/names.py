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
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric"
    f" character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED}')"
)
_SLASHES_MESSAGE = (
    f"a valid label key {_QUALIFIED_MESSAGE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
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


def name_errors(name: str, rule: NameRule) -> list[str]:
    """Return what is wrong with `name` by `rule`, worded as the API server words it; empty where it is right."""
    match rule:
        case "subdomain":
            return _errors(name, _SUBDOMAIN, _SUBDOMAIN_MESSAGE, f"{MAX_SUBDOMAIN_LENGTH} characters")
        case "label":
            message = "must not contain dots" if re.fullmatch(_SUBDOMAIN, name) else _LABEL_MESSAGE
            return _errors(name, _LABEL, message, f"{MAX_LABEL_LENGTH} characters")
        case "path-segment":
            return _path_segment_errors(name)


def validate_name(name: str, rule: NameRule) -> str | None:
    """Return the first thing that is wrong with `name` by `rule`; None where it is right."""
    return next(iter(name_errors(name, rule)), None)


def name_prefix_errors(prefix: str, rule: NameRule) -> list[str]:
    """Return what is wrong with `prefix` as the beginning of a name; it may end in a dash."""
    masked = f"{prefix[:-2]}a" if len(prefix) > 1 and prefix.endswith("-") and rule != "path-segment" else prefix
    return name_errors(masked, rule)


def validate_dns1035_label(name: str) -> str:
    """Return what is wrong with `name` as a label that begins with a letter; empty where nothing is."""
    wrong = [f"must be no more than {MAX_LABEL_LENGTH} characters"] if len(name) > MAX_LABEL_LENGTH else []
    if not re.fullmatch(_DNS1035_LABEL, name):
        wrong.append(_DNS1035_MESSAGE)
    return ",".join(wrong)


def validate_labels(labels: Mapping[str, str], path: str) -> list[FieldError]:
    """Return what is wrong with the keys and values of `labels`, which stand at `path`."""
    return [
        FieldError(path, "FieldValueInvalid", f'Invalid value: "{text}": {message}')
        for key, value in labels.items()
        for text, messages in ((key, qualified_name_errors(key)), (value, label_value_errors(value)))
        for message in messages
    ]


def label_value_errors(value: str) -> list[str]:
    """Return what is wrong with the value of a label."""
    return _errors(value, _LABEL_VALUE, _LABEL_VALUE_MESSAGE, f"{MAX_LABEL_LENGTH} bytes")


def qualified_name_errors(name: str) -> list[str]:
    """Return what is wrong with `name` as a label or annotation key or a finalizer, `[prefix/]name`.

    Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set.
    """
    prefix, slash, part = name.rpartition("/")
    if "/" in prefix:
        return [_SLASHES_MESSAGE]
    found = []
    if slash and not prefix:
        found.append("prefix part must be non-empty")
    elif slash:
        of_prefix = _errors(prefix, _SUBDOMAIN, _SUBDOMAIN_MESSAGE, f"{MAX_SUBDOMAIN_LENGTH} bytes")
        found += [f"prefix part {message}" for message in of_prefix]
    if not part:
        found.append("name part must be non-empty")
    of_name = _errors(part, _QUALIFIED, _QUALIFIED_MESSAGE, f"{MAX_LABEL_LENGTH} bytes")
    return [*found, *(f"name part {message}" for message in of_name)]


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


def _errors(text: str, pattern: str, message: str, limit: str) -> list[str]:
    """Return that `text` is longer than `limit`, such as `63 bytes`, and `message` where it does not match."""
    found = [f"must be no more than {limit}"] if len(text.encode()) > int(limit.partition(" ")[0]) else []
    return found if re.fullmatch(pattern, text) else [*found, message]


def _path_segment_errors(name: str) -> list[str]:
    if name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{character}'" for character in "/%" if character in name]
