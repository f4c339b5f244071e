"""Read kubeadm's configuration file: several documents, strictly, in the API versions that a release knows.

kubeadm itself only warns of unknown fields (`kubeadm config validate` refuses them); a guest refuses them always, so
that a misspelt field is seen and not lost.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from kubecapy.apimachinery.codec import DecodeError, convert, load_yaml
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.local.guest.kubeadm.configuration import ClusterConfiguration, InitConfiguration, JoinConfiguration
from kubecapy.local.guest.kubeadm.errors import KubeadmError

T = TypeVar("T")

GROUP = "kubeadm.k8s.io"
KUBEADM_KINDS: Mapping[str, type] = {
    "InitConfiguration": InitConfiguration,
    "ClusterConfiguration": ClusterConfiguration,
    "JoinConfiguration": JoinConfiguration,
}
COMPONENT_KINDS = frozenset({"KubeletConfiguration", "KubeProxyConfiguration"})

_KNOWN_RELEASES: Mapping[str, tuple[int, int]] = {
    "v1beta1": (13, 21), "v1beta2": (15, 26), "v1beta3": (22, 99), "v1beta4": (31, 99),
}  # fmt: skip
"""First and last minor release whose kubeadm reads an API version."""

_ORDER = ("v1beta1", "v1beta2", "v1beta3", "v1beta4")
_SINCE: Mapping[str, str] = {
    "certificateKey": "v1beta2", "ignorePreflightErrors": "v1beta2", "patches": "v1beta3", "skipPhases": "v1beta3",
    "imagePullPolicy": "v1beta3", "imagePullSerial": "v1beta4", "timeouts": "v1beta4", "extraEnvs": "v1beta4",
    "dryRun": "v1beta4", "proxy": "v1beta4", "encryptionAlgorithm": "v1beta4", "certificateValidityPeriod": "v1beta4",
    "caCertificateValidityPeriod": "v1beta4",
}  # fmt: skip
_GONE_WITH: Mapping[str, str] = {
    "useHyperKubeImage": "v1beta3", "timeoutForControlPlane": "v1beta4", "discovery.timeout": "v1beta4",
}  # fmt: skip


class Documents(msgspec.Struct, frozen=True):
    """What one file says; kinds that it lacks have kubeadm's defaults or are None."""

    version: str
    """API version of kubeadm's own documents, such as `v1beta3`."""
    init: InitConfiguration
    cluster: ClusterConfiguration
    join: JoinConfiguration | None
    components: tuple[JsonObject, ...]
    """Documents of the kubelet and of kube-proxy."""


def read_documents(text: str, minor: int, path: str) -> Documents:
    """Return what the configuration `text` says to kubeadm of release 1.`minor`; `path` is named in errors.

    Raises:
        KubeadmError: the file is no YAML, has an unknown kind, API version or field, or a value of a wrong type.
    """
    try:
        loaded = [document for document in load_yaml(text) if document is not None]
    except DecodeError as error:
        raise KubeadmError(
            "", f"unable to read config from {path!r} [error converting YAML to JSON: {error}]"
        ) from error
    found: dict[str, Any] = {}
    components: list[JsonObject] = []
    version = ""
    for document in loaded:
        kind, api_version = _type_of(document)
        if kind in COMPONENT_KINDS:
            components.append(document)
            continue
        version = _check_version(kind, api_version, minor)
        found[kind] = _decode(document, KUBEADM_KINDS[kind], version)
    return Documents(
        version=version,
        init=found.get("InitConfiguration", InitConfiguration()),
        cluster=found.get("ClusterConfiguration", ClusterConfiguration()),
        join=found.get("JoinConfiguration"),
        components=tuple(components),
    )


def _type_of(document: Any) -> tuple[str, str]:  # Any: one YAML document
    if not isinstance(document, dict):
        raise KubeadmError("", "invalid configuration: expected a mapping with kind and apiVersion")
    kind, api_version = document.get("kind"), document.get("apiVersion")
    if not kind or not api_version:
        raise KubeadmError(
            "",
            "invalid configuration: kind and apiVersion is mandatory information that must be specified",
        )
    if kind not in KUBEADM_KINDS and kind not in COMPONENT_KINDS:
        raise KubeadmError("", f'no kind "{kind}" is registered for version "{api_version}"')
    return str(kind), str(api_version)


def _check_version(kind: str, api_version: str, minor: int) -> str:
    group, _, version = api_version.partition("/")
    if group != GROUP or version not in _KNOWN_RELEASES or minor < _KNOWN_RELEASES[version][0]:
        raise KubeadmError("", f'no kind "{kind}" is registered for version "{api_version}"')
    last = _KNOWN_RELEASES[version][1]
    if minor > last:
        raise KubeadmError(
            "",
            f'your configuration file uses an old API spec: "{api_version}" (kind: "{kind}"). '
            f"Please use kubeadm v1.{last} instead and "
            "run 'kubeadm config migrate --old-config old-config-file --new-config new-config-file', which "
            "will write the new, similar spec using a newer API version.",
        )
    return version


def _decode(document: JsonObject, type_: type[T], version: str) -> T:
    content = {name: value for name, value in document.items() if name not in ("apiVersion", "kind")}
    unknown = sorted(_unknown_fields(content, type_, version, ""))
    if unknown:
        fields = ", ".join(f'unknown field "{field}"' for field in unknown)
        raise KubeadmError("", f"error unmarshaling configuration {document['kind']}: strict decoding error: {fields}")
    try:
        decoded = convert(content, type_)
        _check_arguments(content, version)
    except (DecodeError, ValueError) as error:
        raise KubeadmError("", f"error unmarshaling configuration {document['kind']}: {error}") from error
    return decoded


def _unknown_fields(content: Mapping[str, Any], type_: Any, version: str, path: str) -> Iterable[str]:
    """Yield the paths of keys that `type_` does not have in API `version`; Any: JSON values and a Struct class."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(type_)}
    for name, value in content.items():
        place = f"{path}.{name}" if path else name
        if name not in fields or not _exists(place, name, version):
            yield place
            continue
        inner = _struct_in(fields[name].type)
        items = value if isinstance(value, list) else [value]
        if inner is None:
            continue
        for index, item in enumerate(items):
            if isinstance(item, Mapping):
                yield from _unknown_fields(item, inner, version, f"{place}[{index}]" if item is not value else place)


def _exists(path: str, name: str, version: str) -> bool:
    at = _ORDER.index(version)
    gone = _GONE_WITH.get(path) or _GONE_WITH.get(name)
    return at >= _ORDER.index(_SINCE.get(name, _ORDER[0])) and (gone is None or at < _ORDER.index(gone))


def _struct_in(annotation: Any) -> type | None:  # Any: a type annotation
    """Return the Struct class that a field's annotation names, through options and tuples."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return annotation
    arguments = getattr(annotation, "__args__", ())
    return next((found for argument in arguments if (found := _struct_in(argument)) is not None), None)


def _check_arguments(content: Any, version: str) -> None:  # Any: a JSON value
    """Check that extra arguments have the form of their API version."""
    if isinstance(content, list):
        for item in content:
            _check_arguments(item, version)
    if not isinstance(content, Mapping):
        return
    for name, value in content.items():
        if name not in ("extraArgs", "kubeletExtraArgs"):
            _check_arguments(value, version)
            continue
        wants_list = version == "v1beta4"
        if not isinstance(value, list if wants_list else dict):
            form = "a list of name and value" if wants_list else "a mapping of strings"
            raise DecodeError(name, f"expected {form} in {GROUP}/{version}")
        texts = [item.get("value") for item in value] if isinstance(value, list) else list(value.values())
        if not all(isinstance(text, str) for text in texts):
            raise ValueError(f"{name}: expected strings as values, write numbers and booleans in quotes")


def parse_duration(text: str) -> float:
    """Return the seconds of a Go duration such as `24h0m0s` or `15m`.

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(r"(?:\d+(?:\.\d+)?(?:h|m|s|ms))+|0", text):
        raise ValueError(f'time: invalid duration "{text}"')
    seconds = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
    return sum(float(number) * seconds[unit] for number, unit in re.findall(r"(\d+(?:\.\d+)?)(ms|h|m|s)", text))
