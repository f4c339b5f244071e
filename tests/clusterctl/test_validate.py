"""Manifests are checked offline: every error with its file, line and field."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.api.cluster_kinds import GOOD
from tests.clusterctl.scripted_provider import install

from kubecapy.apimachinery.codec import dump_yaml
from kubecapy.clusterctl.generate.core_components import core_components
from kubecapy.clusterctl.objects.manifest_files import MAX_FILE_BYTES

ROOT = Path(__file__).parents[2]
ARTICLE = ROOT / "examples" / "01-article"
OPENSTACK = "{apiVersion: openstackproviderconfig/v1alpha1, flavor: m, image: i"

CLUSTER = """\
apiVersion: cluster.k8s.io/v1alpha1
kind: Cluster
metadata: {name: test1}
spec: {}
"""
MACHINE = f"""\
apiVersion: cluster.k8s.io/v1alpha1
kind: Machine
metadata:
  name: m-0
  labels: {{set: node}}
spec:
  providerSpec:
    value: {OPENSTACK}}}
  versions: {{kubelet: 1.14.0, controlPlane: 1.14.0}}
"""
MACHINE_SET = f"""\
apiVersion: cluster.k8s.io/v1alpha1
kind: MachineSet
metadata: {{name: workers}}
spec:
  replicas: 3
  selector: {{matchLabels: {{set: node}}}}
  template:
    metadata:
      labels: {{set: node}}
    spec:
      providerSpec:
        value: {OPENSTACK}}}
"""
MACHINE_CLASS = f"""\
apiVersion: cluster.k8s.io/v1alpha1
kind: MachineClass
metadata: {{name: small}}
providerSpec: {OPENSTACK}, flavour: m}}
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: s}
data: {a: YQ==}
"""
OTHER = "apiVersion: crd.projectcalico.org/v1\nkind: IPPool\nmetadata: {name: p}\n"


def edited(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


@pytest.fixture
def said(clusterctl, tmp_path: Path):
    """What is said of texts, each in a file of its own, the folder's name left out; the exit code comes first."""

    def call(*texts: str | bytes, flags: tuple[str, ...] = ()) -> tuple[int, list[str]]:
        paths = [tmp_path / f"{name}.yaml" for name in "abcdef"[: len(texts)]]
        for path, text in zip(paths, texts, strict=True):
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        outcome = clusterctl("validate", *(word for path in paths for word in ("-f", path)), *flags)
        assert outcome.err == ""
        return outcome.code, outcome.out.replace(f"{tmp_path}/", "").splitlines()

    return call


def test_the_articles_files_are_right_as_they_stand(clusterctl) -> None:
    files = [ARTICLE / name for name in ("cluster.yaml", "machines.yaml", "machine.yaml")]

    outcome = clusterctl("validate", *(word for file in files for word in ("-f", file)))

    assert (outcome.code, outcome.out, outcome.err) == (0, "3 files, 4 objects: no errors\n", "")


def test_the_examples_of_further_kinds_are_right(clusterctl) -> None:
    outcome = clusterctl("validate", "-f", ROOT / "examples" / "02-machine-sets", "-f", ARTICLE / "cluster.yaml")

    assert (outcome.code, outcome.out) == (0, "3 files, 3 objects: no errors\n")


def test_what_we_generate_ourselves_is_right(said) -> None:
    components = core_components("image")

    verdict = said("---\n".join(map(dump_yaml, components)), CLUSTER, MACHINE)

    assert verdict == (0, [f"3 files, {len(components) + 2} objects: no errors"])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(edited(MACHINE, "versions:", "version:"), 'a.yaml:9: spec.version: unknown field "version", '
                     'did you mean "versions"?', id="unknown field"),
        pytest.param(edited(MACHINE, "flavor: m", "flavour: m"), None, id="unknown field of the provider"),
        pytest.param(edited(MACHINE, "labels:", "lables:"), 'a.yaml:5: metadata.lables: unknown field "lables", '
                     'did you mean "labels"?', id="unknown field of metadata"),
        pytest.param(edited(MACHINE, "name: m-0", "name: M_0"), 'a.yaml:4: metadata.name: Invalid value: "M_0": a '
                     "lowercase RFC 1123 subdomain must consist of", id="name"),
        pytest.param(edited(MACHINE, "name: m-0", "generateName: M-"), "a.yaml:4: metadata.generateName: Invalid "
                     'value: "M-": a lowercase RFC 1123 subdomain must', id="prefix of a name"),
        pytest.param(edited(MACHINE, "  name: m-0\n", ""), "a.yaml:3: metadata: the Machine has no name; set "
                     "metadata.name or metadata.generateName", id="no name"),
        pytest.param(edited(MACHINE, "set: node", "set: a b"), 'a.yaml:5: metadata.labels.set: Invalid value: "a b": '
                     "a valid label must be", id="value of a label"),
        pytest.param(edited(MACHINE, "set: node", "a/b/c: x"), "a.yaml:5: metadata.labels.a/b/c: Invalid value: "
                     '"a/b/c": a valid label key must', id="key of a label"),
        pytest.param(edited(MACHINE, "set: node", "set: 3"), "a.yaml:5: metadata.labels: json: cannot unmarshal "
                     "number into Go struct field", id="type in metadata"),
        pytest.param(edited(MACHINE, "kubelet: 1.14.0", "kubelet: 1.14"), 'a.yaml:9: spec.versions.kubelet: Invalid '
                     'value: "number": spec.versions.kubelet in body must be of type string: "number"', id="type"),
        pytest.param(edited(MACHINE, "kubelet: 1.14.0", "kubelet: new"), 'a.yaml:9: spec.versions.kubelet: Invalid '
                     'value: "new": must be a Kubernetes version such as 1.14.0', id="rule"),
        pytest.param(edited(MACHINE, "  providerSpec:\n    value: " + OPENSTACK + "}\n", ""),
                     "a.yaml:6: spec.providerSpec: Required value", id="required field"),
        pytest.param(edited(MACHINE, ", image: i", ""), "a.yaml:8: spec.providerSpec.value.image: ",
                     id="required field of the provider"),
        pytest.param(edited(MACHINE, "image: i", "image: <IMAGE>"), "a.yaml:8: spec.providerSpec.value.image: still "
                     "holds the placeholder <IMAGE>, put in the value of your cloud", id="placeholder"),
        pytest.param(edited(MACHINE, "kind: Machine", "kind: Machnie"), 'a.yaml:2: kind: no kind "Machnie" in group '
                     'cluster.k8s.io, did you mean "Machine"?', id="kind"),
        pytest.param(edited(MACHINE, "kind: Machine", "kind: Wheel"), 'a.yaml:2: kind: no kind "Wheel" in group '
                     "cluster.k8s.io; expected one of Cluster, Machine, MachineClass, MachineDeployment, MachineSet",
                     id="kind like none"),
        pytest.param(edited(MACHINE, "v1alpha1\nkind", "v1alpha2\nkind"), 'a.yaml:1: apiVersion: no apiVersion '
                     '"cluster.k8s.io/v1alpha2" in group cluster.k8s.io, did you mean "cluster.k8s.io/v1alpha1"?',
                     id="version"),
        pytest.param(edited(MACHINE_SET, "matchLabels: {set: node}", "matchLabels: {set: nodes}"),
                     "a.yaml:9: spec.template.metadata.labels: Invalid value: `selector` does not match template "
                     "`labels`", id="selector"),
        pytest.param(edited(MACHINE_SET, "replicas: 3", "replicas: three"), 'a.yaml:5: spec.replicas: Invalid value: '
                     '"string": spec.replicas in body must be of type integer: "string"', id="type in a set"),
        pytest.param(edited(MACHINE_SET, "flavor: m", "flavor: 3"), "a.yaml:12: spec.template.spec.providerSpec.value."
                     "flavor: expected a string, got a number", id="provider's part of a template"),
        pytest.param(edited(MACHINE_SET, "labels: {set: node}", "labels: {set: node, a/b/c: x}"),
                     'a.yaml:9: spec.template.metadata.labels.a/b/c: Invalid value: "a/b/c": a valid label key must',
                     id="key of a template's label"),
        pytest.param(MACHINE_CLASS, 'a.yaml:4: providerSpec.flavour: unknown field "flavour", did you mean "flavor"?',
                     id="provider's part of a class"),
        pytest.param(edited(SECRET, "\ndata:", "\ndta:"), 'a.yaml:4: dta: unknown field "dta", did you mean "data"?',
                     id="unknown field of a built-in kind"),
        pytest.param(edited(SECRET, "data: {a: YQ==}", "immutable: 3"), "a.yaml:4: immutable: json: cannot unmarshal "
                     "number into Go struct field Secret.immutable of type bool", id="type in a built-in kind"),
        pytest.param(edited(SECRET, "YQ==", "'???'"), "a.yaml:4: data: illegal base64 data at input byte 0",
                     id="base64"),
        pytest.param("", "a.yaml: the file holds no object; expected at least one with apiVersion and", id="empty"),
        pytest.param("# nothing\n---\n", "a.yaml: the file holds no object; expected", id="nothing but a comment"),
        pytest.param("kind: Machine\n", "a.yaml:1: the object has no apiVersion; add it, as in `api", id="bare"),
        pytest.param("apiVersion: v1\n", "a.yaml:1: the object has no kind; add it, as in `kind: Mach", id="no kind"),
        pytest.param("- 1\n", "a.yaml:1: expected a Kubernetes object, a mapping with apiVersion and", id="list"),
        pytest.param("apiVersion: v1\nkind: [\n", "a.yaml:2: expected YAML: while parsing a flow node, did not",
                     id="no YAML"),
        pytest.param("a: 1\nb: 2\na: 3\n", 'a.yaml:3: the key "a" appears twice in one mapping; keep one of them',
                     id="key twice"),
        pytest.param(b"\x7fELF\x02\x00\x80\xff", "a.yaml: cannot be read: it is no UTF-8 text", id="binary"),
        pytest.param("a: \x00\n", "a.yaml:1: expected YAML: ", id="control character"),
    ],
)  # fmt: skip
def test_an_error_says_where_and_what_was_expected(said, text: str | bytes, sentence: str | None) -> None:
    code, lines = said(text)

    assert code == 1
    if sentence is None:
        # A misspelt field of the provider is a missing one too.
        assert lines[0] == 'a.yaml:8: spec.providerSpec.value.flavour: unknown field "flavour", did you mean "flavor"?'
    else:
        assert lines[0].startswith(sentence)
    assert "error" in lines[-1]


def test_every_error_is_told_in_the_order_of_files_and_lines(said) -> None:
    wrong = edited(edited(MACHINE, "versions:", "version:"), "flavor: m", "flavour: m")

    code, lines = said(f"{MACHINE}---\nx: [1\n", f"{CLUSTER}---\n{edited(wrong, 'm-0', 'm-1')}")

    assert code == 1
    assert lines == [
        "a.yaml:11: expected YAML: while parsing a flow sequence, did not find expected ',' or ']'",
        'b.yaml:13: spec.providerSpec.value.flavour: unknown field "flavour", did you mean "flavor"?',
        'b.yaml:14: spec.version: unknown field "version", did you mean "versions"?',
        "2 files, 3 objects: 3 errors",
    ]


def test_what_may_be_meant_is_a_warning_and_no_failure(said) -> None:
    machine = edited(MACHINE, "labels: {set: node}", "labels: {cluster.k8s.io/cluster-name: test2}")

    assert said(f"{CLUSTER}---\n{machine}") == (
        0,
        [
            'a.yaml:10: warning: metadata.labels.cluster.k8s.io/cluster-name: Cluster "test2" is not in the files',
            "1 file, 2 objects: no errors, 1 warning",
        ],
    )


WORKER = edited(MACHINE, ", controlPlane: 1.14.0", "")
SECOND = edited(CLUSTER, "test1", "test2")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(
            f"{MACHINE}---\n{MACHINE}",
            "a.yaml:14: warning: metadata.name: Machine m-0 is there already, at a.yaml:4",
            id="two of one name",
        ),
        pytest.param(
            f"{CLUSTER}---\n{WORKER}",
            "a.yaml:1: warning: none of its 1 Machines is a control plane: none has spec.versions.controlPlane",
            id="no control plane",
        ),
        pytest.param(
            f"{CLUSTER}---\n{SECOND}---\n{MACHINE}",
            "a.yaml:15: warning: metadata.labels: label cluster.k8s.io/cluster-name is missing, and namespace "
            '"default" of the files has several Clusters: test1, test2',
            id="several clusters",
        ),
        pytest.param(
            f"{CLUSTER}---\n{edited(MACHINE, 'name: m-0', 'namespace: prod')}",
            "",
            id="no name at all is an error",
        ),
        pytest.param(
            f"{CLUSTER}---\n{edited(MACHINE, 'name: m-0', 'name: m-0, namespace: prod')}",
            "",
            id="no mapping at all is an error",
        ),
        pytest.param(
            f"{MACHINE_SET}---\n{edited(MACHINE_SET, 'name: workers', 'name: more')}",
            "a.yaml:6: warning: spec.selector: selects the Machines of MachineSet more (a.yaml:14) too; give each its "
            "own labels",
            id="overlapping selectors",
        ),
        pytest.param(
            edited(MACHINE, f"value: {OPENSTACK}}}", "valueFrom: {machineClass: {name: small}}"),
            "a.yaml:8: warning: spec.providerSpec.valueFrom: no controller looks up machine classes yet; write the "
            "value itself",
            id="a machine class",
        ),
        pytest.param(
            edited(MACHINE, "cluster.k8s.io/", "clusters.k8s.io/"),
            "a.yaml:1: warning: apiVersion: Machine of clusters.k8s.io/v1alpha1 is not known here and was not checked, "
            'did you mean "cluster.k8s.io/v1alpha1"?',
            id="another group",
        ),
    ],
)
def test_objects_are_looked_at_together(said, text: str, sentence: str) -> None:
    code, lines = said(text)

    assert sentence in lines if sentence else code == 1
    assert code == (0 if sentence else 1)


def test_a_machine_in_a_namespace_without_a_cluster_is_warned_of(said) -> None:
    machine = edited(MACHINE, "name: m-0\n", "name: m-0\n  namespace: prod\n")

    code, lines = said(f"{CLUSTER}---\n{machine}")

    assert code == 0
    assert lines[0] == (
        "a.yaml:11: warning: metadata.labels: label cluster.k8s.io/cluster-name is missing, and namespace "
        '"prod" of the files has no Cluster'
    )


def test_unknown_kinds_are_named_once_and_are_no_errors(said) -> None:
    assert said(f"{OTHER}---\n{edited(OTHER, 'name: p', 'name: q')}") == (
        0,
        [
            "a.yaml:1: note: IPPool of crd.projectcalico.org/v1 is not known here and was not checked (2 objects)",
            "1 file, 2 objects: no errors",
        ],
    )


DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ippools.crd.projectcalico.org}
spec:
  group: crd.projectcalico.org
  names: {kind: IPPool, plural: ippools}
  scope: Cluster
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              cidr: {type: string}
"""


def test_a_definition_among_the_files_defines_its_kind(said) -> None:
    code, lines = said(f"{OTHER}spec: {{cidrs: 3}}\n", DEFINITION)

    assert code == 1
    assert lines == [
        'a.yaml:4: spec.cidrs: unknown field "cidrs", did you mean "cidr"?',
        "2 files, 2 objects: 1 error",
    ]


def test_a_definition_that_no_server_would_take_is_named_by_its_place(said) -> None:
    code, lines = said(edited(DEFINITION, "type: string}", "type: text}"), OTHER)

    assert code == 1
    assert lines == [
        (
            "a.yaml:19: spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[cidr].type: "
            'Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"'
        ),
        "b.yaml:1: note: IPPool of crd.projectcalico.org/v1 is not known here and was not checked",
        "2 files, 2 objects: 1 error",
    ]


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch) -> None:
    """An installed provider beside openstack."""
    install(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))


def of_provider(api_version: str) -> str:
    return edited(MACHINE, f"{OPENSTACK}}}", f"{{{api_version}wrong: 1}}")


@pytest.mark.usefixtures("scripted")
@pytest.mark.parametrize(
    ("text", "flags", "line"),
    [
        (
            of_provider("apiVersion: scripted/v1, "),
            (),
            'a.yaml:8: spec.providerSpec.value.wrong: unknown field "wrong" of a Machine',
        ),
        (
            of_provider(""),
            ("--provider=scripted",),
            'a.yaml:8: spec.providerSpec.value.wrong: unknown field "wrong" of a Machine',
        ),
        (
            of_provider(""),
            (),
            (
                "a.yaml:8: note: spec.providerSpec.value: not checked: it has no apiVersion; "
                "name its provider by --provider"
            ),
        ),
        (
            of_provider("apiVersion: clouds/v1, "),
            (),
            (
                "a.yaml:8: note: spec.providerSpec.value: not checked: no installed provider knows apiVersion "
                '"clouds/v1"; name its provider by --provider'
            ),
        ),
        (
            of_provider("apiVersion: openstackproviderconfig.k8s.io/v1alpha1, "),
            (),
            'a.yaml:8: spec.providerSpec.value.wrong: unknown field "wrong"',
        ),
    ],
    ids=["by apiVersion", "by flag", "nobody's", "unknown", "the registered name"],
)
def test_the_provider_that_is_meant_checks_its_part(said, text: str, flags: tuple[str, ...], line: str) -> None:
    _, lines = said(text, flags=flags)

    assert lines[0] == line


def test_a_provider_that_is_not_installed_is_refused(clusterctl) -> None:
    outcome = clusterctl("validate", "-f", ARTICLE / "machine.yaml", "--provider", "azure")

    assert outcome.code == 1
    assert outcome.err.startswith('Error: provider "azure" is not installed; installed providers: ')


def test_json_tells_every_part(clusterctl, tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(edited(MACHINE, "versions:", "version:"))

    outcome = clusterctl("validate", "-f", path, "-o", "json")

    assert outcome.code == 1
    assert json.loads(outcome.out) == {
        "files": 1,
        "objects": 1,
        "errors": 1,
        "warnings": 0,
        "findings": [
            {
                "severity": "error",
                "file": str(path),
                "line": 9,
                "object": "Machine m-0",
                "path": "spec.version",
                "message": 'unknown field "version", did you mean "versions"?',
            }
        ],
    }


def test_a_folder_stands_for_its_manifests_and_a_file_counts_once(clusterctl, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    for name, text in {"b.yml": MACHINE, "a.yaml": CLUSTER, "notes.txt": "a: [", "below/c.json": "{"}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "clouds.yaml").write_text("clouds: {openstack: {}}\n")

    flat = clusterctl("validate", "-f", tmp_path, "-f", tmp_path / "a.yaml")
    deep = clusterctl("validate", "-R", "-f", tmp_path)

    note = f"{tmp_path}/clouds.yaml: note: not checked: no document of it has apiVersion or kind"
    assert (flat.code, flat.out.splitlines()) == (0, [note, "3 files, 2 objects: no errors"])
    assert deep.code == 1
    assert f"{tmp_path}/below/c.json:1: expected YAML" in deep.out


def test_files_that_are_not_there_too_long_or_no_manifests_are_named(clusterctl, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)

    outcome = clusterctl("validate", "-f", tmp_path / "none", "-f", tmp_path / "empty", "-f", huge)

    assert outcome.code == 1
    assert outcome.out.replace(f"{tmp_path}/", "").splitlines() == [
        "none: cannot be read: No such file or directory",
        "huge.yaml: cannot be read: it is longer than 16 MiB; split it into several files",
        "empty: the folder holds no manifest; expected a file that ends in .yaml, .yml, .json",
        "2 files, 0 objects: 3 errors",
    ]


def test_a_label_that_is_null_is_the_empty_one(said) -> None:
    assert said(edited(MACHINE, "set: node", "set: null")) == (0, ["1 file, 1 object: no errors"])


def test_without_a_file_the_call_is_wrong(clusterctl) -> None:
    outcome = clusterctl("validate")

    assert outcome.code == 1
    assert outcome.err.startswith("Error: must specify -f\n")


MUTANTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
ALL = [
    *GOOD.values(),
    yaml.safe_load(MACHINE),
    yaml.safe_load(SECRET),
    yaml.safe_load(DEFINITION),
    *yaml.safe_load((ARTICLE / "machines.yaml").read_text())["items"],
]


def places(value, path=()):
    """Every place in a JSON value, by keys and indexes."""
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


@st.composite
def mutated(draw):
    """Valid objects in one file, some places of which hold something else, or are gone, or have another name."""
    objects = json.loads(json.dumps(draw(st.lists(st.sampled_from(ALL), min_size=1, max_size=3))))
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from([path for path in places(objects) if len(path) > 1] or [(0,)]))
        holder = objects
        for step in parents:
            holder = holder[step]
        match draw(st.sampled_from(["replace", "remove", "rename"])):
            case "replace":
                holder[last] = draw(MUTANTS)
            case "remove":
                del holder[last]
            case "rename" if isinstance(holder, dict):
                holder[draw(st.text(max_size=8))] = holder.pop(last)
    style = draw(st.booleans())
    return yaml.safe_dump_all(objects, default_flow_style=style, allow_unicode=True)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=mutated())
def test_whatever_is_changed_in_a_manifest_is_judged_and_every_line_exists(clusterctl, tmp_path, text: str) -> None:
    path = tmp_path / "mutant.yaml"
    path.write_text(text)

    outcome = clusterctl("validate", "-f", path, "-o", "json")

    assert outcome.err == ""
    verdict = json.loads(outcome.out)
    assert outcome.code == (1 if verdict["errors"] else 0)
    lines = len(text.splitlines())
    assert all(0 <= finding["line"] <= lines for finding in verdict["findings"]), verdict
    assert all(finding["line"] or finding["message"].startswith("the file") for finding in verdict["findings"])
