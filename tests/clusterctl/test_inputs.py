from pathlib import Path

import pytest

from kubecapy.apimachinery.codec import DecodeError
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.inputs.files import (
    InputFiles,
    find_cluster,
    find_machines,
    is_control_plane_manifest,
    read_inputs,
)
from kubecapy.clusterctl.objects.manifest_files import read_manifests

ARTICLE = Path(__file__).parent.parent.parent / "examples" / "01-article"

CLUSTER = """\
apiVersion: cluster.k8s.io/v1alpha1
kind: Cluster
metadata: {name: test1}
spec: {}
---
"""
MASTER = """\
apiVersion: cluster.k8s.io/v1alpha1
kind: Machine
metadata: {generateName: m-}
spec: {versions: {kubelet: 1.14.0, controlPlane: 1.14.0}}
---
"""
WORKER = """\
apiVersion: cluster.k8s.io/v1alpha1
kind: Machine
metadata: {name: w-0}
spec: {versions: {kubelet: 1.14.0}}
---
"""
MACHINE_LIST = """\
apiVersion: cluster.k8s.io/v1alpha1
kind: MachineList
items:
- apiVersion: cluster.k8s.io/v1alpha1
  kind: Machine
  metadata: {generateName: m-}
  spec: {versions: {kubelet: 1.14.0, controlPlane: 1.14.0}}
---
"""
BARE_LIST = MACHINE_LIST.replace("kind: MachineList\n", "").removeprefix("apiVersion: cluster.k8s.io/v1alpha1\n")
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\n"
MACHINE_SET = "apiVersion: cluster.k8s.io/v1alpha1\nkind: MachineSet\nmetadata: {name: s}\n---\n"


def written(folder: Path, text: str, name: str = "machines.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


# Rows of the machines-file table of Cluster API v0.1.10; a bare list is accepted as the tool of 2019-03 accepted it.
@pytest.mark.parametrize(
    ("text", "count"),
    [
        (MASTER + WORKER, 2),
        (CLUSTER + MACHINE_LIST, 1),
        (CONFIG_MAP + CLUSTER + MASTER + WORKER, 2),
        (BARE_LIST, 1),
        (MACHINE_LIST + WORKER, 2),
        (MACHINE_SET + MASTER, 1),
    ],
    ids=["documents", "unified-list", "unified-documents", "bare-items", "list-and-document", "machine-set"],
)
def test_machines_are_found_in_every_form(tmp_path: Path, text: str, count: int) -> None:
    path = written(tmp_path, text)

    assert len(find_machines(read_manifests(path), path)) == count


def test_items_of_a_bare_list_without_kind_are_refused_with_their_line(tmp_path: Path) -> None:
    path = written(tmp_path, BARE_LIST.replace("  kind: Machine\n", ""))

    with pytest.raises(DecodeError, match=rf"{path}:2: the object has no kind"):
        read_manifests(path)


def test_a_cluster_is_found_beside_machines(tmp_path: Path) -> None:
    path = written(tmp_path, CONFIG_MAP + MACHINE_LIST + CLUSTER)

    assert find_cluster(read_manifests(path), path).object["metadata"]["name"] == "test1"


def test_a_cluster_file_without_a_cluster_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, MASTER, "cluster.yaml")

    with pytest.raises(ClusterctlError, match=r"cluster.yaml holds no Cluster of cluster.k8s.io/v1alpha1"):
        find_cluster(read_manifests(path), path)


def test_machines_without_a_control_plane_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, WORKER)

    with pytest.raises(ClusterctlError, match="expected one or more control plane machines, got: 0"):
        find_machines(read_manifests(path), path)


def test_a_machine_without_any_name_is_refused_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, MASTER + WORKER.replace("{name: w-0}", "{labels: {set: node}}"))

    with pytest.raises(ClusterctlError, match=rf"{path}:6: the Machine has no name; set metadata.name or metadata.gen"):
        find_machines(read_manifests(path), path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "---\n# nothing\n")

    with pytest.raises(ClusterctlError, match="holds no object"):
        read_manifests(path)


def inputs_of(folder: Path, cluster: str, machines: str):
    return read_inputs(
        InputFiles(
            cluster=written(folder, cluster, "cluster.yaml"),
            machines=written(folder, machines),
            components=written(folder, CONFIG_MAP, "components.yaml"),
        )
    )


def test_a_cluster_without_a_namespace_lives_in_default(tmp_path: Path) -> None:
    assert inputs_of(tmp_path, CLUSTER, MASTER).key == ObjectKey("default", "test1")


def test_a_machine_of_another_namespace_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClusterctlError, match=r'metadata.namespace is "prod", but the Cluster lives in "default"'):
        inputs_of(tmp_path, CLUSTER, MASTER + WORKER.replace("{name: w-0}", "{name: w-0, namespace: prod}"))


def test_what_is_ignored_is_said(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, CLUSTER, MASTER + MACHINE_SET + CONFIG_MAP + CLUSTER)

    assert inputs.ignored == (
        f"{tmp_path}/machines.yaml:6: the MachineSet is ignored: only Machines are created from this file",
    )


def test_the_articles_files_are_read_as_they_stand(tmp_path: Path) -> None:
    inputs = read_inputs(
        InputFiles(
            cluster=ARTICLE / "cluster.yaml",
            machines=ARTICLE / "machines.yaml",
            components=written(tmp_path, CONFIG_MAP, "components.yaml"),
        )
    )

    assert inputs.key == ObjectKey("default", "test1")
    prefixes = [machine.object["metadata"]["generateName"] for machine in inputs.machines]
    assert prefixes == ["liugya-master-", "liugya-node-"]
    assert [is_control_plane_manifest(machine) for machine in inputs.machines] == [True, False]
