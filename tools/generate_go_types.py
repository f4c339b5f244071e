"""Write down the wire form of the built-in kinds, out of the Go types that define it; needs Go.

    python3 tools/generate_go_types.py

The Go types of k8s.io/api are what kube-apiserver decodes bodies into and encodes replies from: their tags say how a
field is called in JSON, its number in protobuf, whether it is left out where it is empty, and how strategic merge
treats it. Only these facts are kept, no text. `tools/kubernetes/go.mod` pins the modules they come from.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from build_kubernetes import MODULE

OUTPUT = Path(__file__).resolve().parents[1] / "src/kubecapy/apimachinery/go_types/types.json"
_KUBERNETES = ("k8s.io/api", "k8s.io/apimachinery", "k8s.io/apiextensions-apiserver")
_ROOTS = {
    "core/v1": (
        *("Binding", "ConfigMap", "Endpoints", "Event", "Namespace", "Node", "Pod", "Secret", "Service"),
        "ServiceAccount",
    ),
    "apps/v1": ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
    "rbac/v1": ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
    "coordination/v1": ("Lease",),
    "certificates/v1": ("CertificateSigningRequest",),
    "authentication/v1": ("SelfSubjectReview", "TokenRequest", "TokenReview"),
    "authorization/v1": (
        *("LocalSubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"),
    ),
    "autoscaling/v1": ("Scale",),
    "apiextensions/v1": ("CustomResourceDefinition",),
    "meta/v1": ("DeleteOptions",),
}
"""Package to the kinds whose types are kept, with all that they are made of."""
_SPECIAL = frozenset(
    {
        *("meta/v1.Time", "meta/v1.MicroTime", "meta/v1.Duration", "meta/v1.FieldsV1"),
        *("resource.Quantity", "intstr.IntOrString", "runtime.RawExtension"),
        *("apiextensions/v1.JSON", "apiextensions/v1.JSONSchemaPropsOrArray"),
        *("apiextensions/v1.JSONSchemaPropsOrBool", "apiextensions/v1.JSONSchemaPropsOrStringArray"),
    }
)
"""Types that read and write their JSON by code of their own."""
_SCALARS = frozenset({"string", "bool", "int", "int32", "int64", "uint8", "float64", "byte"})
_IMPORTS = {
    "metav1": "meta/v1",
    "v1": "core/v1",
    "corev1": "core/v1",
    "resource": "resource",
    "intstr": "intstr",
    "runtime": "runtime",
    "types": "types",
}
"""Go's local names of imported packages; the files agree on them."""
_NAMED_ELSEWHERE = {"types.UID": "string", "types.NodeName": "string"}

_STRUCT = re.compile(r"^type (\w+) struct ?\{(\}|\n.*?^\})", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"^type (\w+) =? ?([\w.\[\]*]+)$", re.MULTILINE)
_FIELD = re.compile(r"^\t(?:(\w+) +)?([\w.\[\]*]+) +`([^`]*)`", re.MULTILINE)
_TAG = re.compile(r'(\w+):"([^"]*)"')


def main() -> int:
    """Write the file; return the exit code."""
    folders = _folders()
    source = _Source()
    for package in _ROOTS:
        source.read(package, _text(folders, package))
    kept = source.reachable(f"{package}.{kind}" for package, kinds in _ROOTS.items() for kind in kinds)
    OUTPUT.write_text(_render(folders, kept))
    return 0


def _folders() -> dict[str, Path]:
    """Return where Go keeps each module, downloaded where it is missing."""
    subprocess.run(("go", "mod", "download", *_KUBERNETES), cwd=MODULE, check=True)
    listed = subprocess.run(
        ("go", "list", "-m", "-f", "{{.Dir}}", *_KUBERNETES), cwd=MODULE, check=True, capture_output=True, text=True
    )
    return dict(zip(_KUBERNETES, map(Path, listed.stdout.split()), strict=True))


def _text(folders: dict[str, Path], package: str) -> str:
    group, version = package.split("/")
    match group:
        case "meta":
            file = folders["k8s.io/apimachinery"] / "pkg/apis/meta" / version / "types.go"
        case "apiextensions":
            pkg = folders["k8s.io/apiextensions-apiserver"] / "pkg/apis/apiextensions" / version
            return (pkg / "types.go").read_text() + (pkg / "types_jsonschema.go").read_text()
        case _:
            file = folders["k8s.io/api"] / group / version / "types.go"
    return file.read_text()


class _Source:
    """Every type of the packages that were read, by qualified name."""

    def __init__(self) -> None:
        self._structs: dict[str, list[list[object]]] = {}
        self._named: dict[str, str] = {}

    def read(self, package: str, text: str) -> None:
        plain = re.sub(r"//[^\n]*", "", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))
        for name, body in _STRUCT.findall(plain):
            self._structs[f"{package}.{name}"] = [self._field(package, *found) for found in _FIELD.findall(body)]
        for name, type_ in _NAMED.findall(plain):
            self._named[f"{package}.{name}"] = _qualify(package, type_)

    def reachable(self, roots: Iterator[str]) -> dict[str, object]:
        """Return the roots and everything that they are made of."""
        kept: dict[str, object] = {}
        todo = list(roots)
        while todo:
            name = todo.pop()
            if name in kept or name in _SPECIAL or name in _SCALARS:
                continue
            if name in self._structs:
                kept[name] = self._structs[name]
                todo += [part for field in self._structs[name] for part in _parts(str(field[1]))]
            else:
                kept[name] = self._named[name] if name in self._named else _NAMED_ELSEWHERE[name]
                todo += _parts(str(kept[name]))
        return dict(sorted(kept.items()))

    def _field(self, package: str, go_name: str, type_: str, tag: str) -> list[object]:
        """Return JSON name, type, what is left out, number, and how strategic merge treats the field."""
        tags = dict(_TAG.findall(tag))
        name, *options = tags.get("json", "").split(",")
        number = int(tags["protobuf"].split(",")[1]) if "protobuf" in tags else 0
        left_out = "".join(letter for option, letter in (("omitempty", "e"), ("omitzero", "z")) if option in options)
        if "inline" in options or not (name or go_name):
            left_out = "i"
        strategy, key = tags.get("patchStrategy", ""), tags.get("patchMergeKey", "")
        entry: list[object] = [name, _qualify(package, type_), left_out, number, strategy, key]
        while entry[-1] == "":
            entry.pop()
        return entry


def _qualify(package: str, type_: str) -> str:
    """Return the Go type with every name in it qualified by its package."""

    def qualified(found: re.Match[str]) -> str:
        local, _, name = found[0].rpartition(".")
        if local:
            return f"{_IMPORTS[local]}.{name}"
        return name if name in _SCALARS or name == "map" else f"{package}.{name}"

    return re.sub(r"[A-Za-z_][\w.]*", qualified, type_)


def _parts(type_: str) -> list[str]:
    return [name for name in re.findall(r"[A-Za-z_][\w./]*", type_) if name != "map"]


def _render(folders: dict[str, Path], kept: dict[str, object]) -> str:
    """Return the file: one type a line, so that a change of version shows what changed."""
    versions = ", ".join(folder.name.replace("@", " ") for folder in folders.values())
    lines = [f"{json.dumps(name)}: {json.dumps(type_, separators=(',', ':'))}" for name, type_ in kept.items()]
    head = f'"source": {json.dumps(f"Go types of {versions}")}'
    return "{" + head + ',\n"types": {\n' + ",\n".join(lines) + "\n}}\n"


if __name__ == "__main__":
    sys.exit(main())
