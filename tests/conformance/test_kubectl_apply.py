"""kubectl apply: three-way merges, files and folders, and what is refused."""

from pathlib import Path

from tests.conformance.terminal import Terminal
from tests.raw_api import Api

PROJECT = Path(__file__).parents[2]


async def test_apply_creates_changes_and_removes_fields(terminal: Terminal, kites: str) -> None:
    terminal.write(
        "second.yaml",
        """
        apiVersion: GROUP/v1
        kind: Kite
        metadata:
          name: a
          annotations: {note: new}
        spec:
          size: 2
          free: {deep: {x: 1, y: null}}
        """,
    )

    await terminal("""
        $ kubectl apply -f a.yaml
        kite.GROUP/a created
        $ kubectl apply -f a.yaml
        kite.GROUP/a unchanged
        $ kubectl apply -f second.yaml
        kite.GROUP/a configured
        $ kubectl get kt a -o yaml
        apiVersion: GROUP/v1
        kind: Kite
        metadata:
          annotations:
            kubectl.kubernetes.io/last-applied-configuration: |
              {"apiVersion":"GROUP/v1","kind":"Kite","metadata":{"annotations":{"note":"new"},"name":"a","namespace":"NAMESPACE"},"spec":{"free":{"deep":{"true":null,"x":1}},"size":2}}
            note: new
          creationTimestamp: "TIME"
          generation: 2
          name: a
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        spec:
          color: red
          free:
            deep:
              x: 1
          size: 2
        $ kubectl label kt a mine=kept
        kite.GROUP/a labeled
        $ kubectl apply -f a.yaml
        kite.GROUP/a configured
        $ kubectl get kt a -o yaml
        apiVersion: GROUP/v1
        kind: Kite
        metadata:
          annotations:
            kubectl.kubernetes.io/last-applied-configuration: |
              {"apiVersion":"GROUP/v1","kind":"Kite","metadata":{"annotations":{},"labels":{"tier":"one"},"name":"a","namespace":"NAMESPACE"},"spec":{"size":1}}
          creationTimestamp: "TIME"
          generation: 3
          labels:
            mine: kept
            tier: one
          name: a
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        spec:
          color: red
          size: 1
    """)


async def test_apply_of_what_was_created_otherwise_begins_to_remember(terminal: Terminal) -> None:
    terminal.write("c.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {b: '2'}}")

    await terminal("""
        $ kubectl create configmap c --from-literal=a=1
        configmap/c created
        $ kubectl apply -f c.yaml
        configmap/c configured
        ! Warning: resource configmaps/c is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.
        $ kubectl get cm c -o jsonpath='{.data}'
        {"a":"1","b":"2"}
        $ kubectl apply -f c.yaml
        configmap/c unchanged
    """)


async def test_apply_of_a_folder_takes_its_manifests_in_order(terminal: Terminal, kites: str) -> None:
    terminal.write("folder/2.json", '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "json"}}')
    terminal.write("folder/1.yml", "{apiVersion: GROUP/v1, kind: Kite, metadata: {name: yml}, spec: {size: 1}}")
    terminal.write("folder/notes.txt", "no manifest")
    terminal.write("folder/deeper/3.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: deep}}")
    terminal.write("empty/notes.txt", "no manifest")

    await terminal("""
        $ kubectl apply -f folder
        kite.GROUP/yml created
        configmap/json created
        $ kubectl apply -R -f folder
        kite.GROUP/yml unchanged
        configmap/json unchanged
        configmap/deep created
        $ kubectl apply -f empty
        ! error: error reading [empty]: recognized file extensions are [.json .yaml .yml]
        [1]
        $ kubectl apply -f nothing.yaml
        ! error: the path "nothing.yaml" does not exist
        [1]
        $ kubectl delete -R -f folder
        kite.GROUP "yml" deleted from NAMESPACE namespace
        configmap "json" deleted from NAMESPACE namespace
        configmap "deep" deleted from NAMESPACE namespace
    """)


async def test_apply_refuses_what_it_cannot_read(terminal: Terminal) -> None:
    terminal.write("broken.yaml", "a: [")
    terminal.write("nameless.yaml", "{apiVersion: v1, kind: ConfigMap}")
    terminal.write("kindless.yaml", "{apiVersion: v1, metadata: {name: x}}")
    terminal.write("elsewhere.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: nowhere}}")
    terminal.write("wrong.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: Wrong_Name}}")
    terminal.write("empty.yaml", "# nothing")

    await terminal(r"""
        $ kubectl apply -f broken.yaml
        ! error: error parsing broken.yaml: error converting YAML to JSON: yaml: line 1: did not find expected node content
        [1]
        $ kubectl apply -f nameless.yaml
        ! error: error when retrieving current configuration of:
        ! Resource: "/v1, Resource=configmaps", GroupVersionKind: "/v1, Kind=ConfigMap"
        ! Name: "", Namespace: "NAMESPACE"
        ! from server for: "nameless.yaml": resource name may not be empty
        [1]
        $ kubectl apply -f kindless.yaml
        ! error: error validating "kindless.yaml": error validating data: kind not set; if you choose to ignore these errors, turn validation off with --validate=false
        [1]
        $ kubectl apply -f elsewhere.yaml
        ! Error from server (NotFound): error when creating "elsewhere.yaml": namespaces "nowhere" not found
        [1]
        $ kubectl apply -f elsewhere.yaml -n NAMESPACE
        ! error: the namespace from the provided object "nowhere" does not match the namespace "NAMESPACE". You must pass '--namespace=nowhere' to perform this operation.
        [1]
        $ kubectl apply -f wrong.yaml
        ! The ConfigMap "Wrong_Name" is invalid: metadata.name: Invalid value: "Wrong_Name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
        [1]
        $ kubectl apply -f empty.yaml
        ! error: no objects passed to apply
        [1]
    """)


async def test_apply_prunes_what_the_files_no_longer_name(terminal: Terminal) -> None:
    terminal.write("one.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: one, labels: {set: x}}}")
    terminal.write("two.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: two, labels: {set: x}}}")

    await terminal("""
        $ kubectl apply -f one.yaml -f two.yaml
        configmap/one created
        configmap/two created
        $ kubectl apply -f one.yaml --prune -l set=x --prune-allowlist=core/v1/ConfigMap
        configmap/one unchanged
        configmap/two pruned
        $ kubectl get cm -l set=x -o name
        configmap/one
    """)


async def test_the_project_s_definitions_and_the_article_s_manifests_are_applied(terminal: Terminal, api: Api) -> None:
    terminal.names["PROJECT"] = str(PROJECT)
    try:
        await terminal("""
            $ kubectl apply -f PROJECT/config/crds
            customresourcedefinition.apiextensions.k8s.io/clusters.cluster.k8s.io created
            customresourcedefinition.apiextensions.k8s.io/machineclasses.cluster.k8s.io created
            customresourcedefinition.apiextensions.k8s.io/machinedeployments.cluster.k8s.io created
            customresourcedefinition.apiextensions.k8s.io/machines.cluster.k8s.io created
            customresourcedefinition.apiextensions.k8s.io/machinesets.cluster.k8s.io created
            $ kubectl wait --for=condition=Established -f PROJECT/config/crds
            customresourcedefinition.apiextensions.k8s.io/clusters.cluster.k8s.io condition met
            customresourcedefinition.apiextensions.k8s.io/machineclasses.cluster.k8s.io condition met
            customresourcedefinition.apiextensions.k8s.io/machinedeployments.cluster.k8s.io condition met
            customresourcedefinition.apiextensions.k8s.io/machines.cluster.k8s.io condition met
            customresourcedefinition.apiextensions.k8s.io/machinesets.cluster.k8s.io condition met
            $ kubectl apply -f PROJECT/config/crds
            customresourcedefinition.apiextensions.k8s.io/clusters.cluster.k8s.io unchanged
            customresourcedefinition.apiextensions.k8s.io/machineclasses.cluster.k8s.io unchanged
            customresourcedefinition.apiextensions.k8s.io/machinedeployments.cluster.k8s.io unchanged
            customresourcedefinition.apiextensions.k8s.io/machines.cluster.k8s.io unchanged
            customresourcedefinition.apiextensions.k8s.io/machinesets.cluster.k8s.io unchanged
            $ kubectl apply -f PROJECT/examples/01-article/cluster.yaml
            cluster.cluster.k8s.io/test1 created
            $ kubectl apply -f PROJECT/examples/01-article/machine.yaml
            machine.cluster.k8s.io/liugya-node-1 created
            $ kubectl apply -f PROJECT/examples/01-article/cluster.yaml -f PROJECT/examples/01-article/machine.yaml
            cluster.cluster.k8s.io/test1 unchanged
            machine.cluster.k8s.io/liugya-node-1 unchanged
            $ kubectl get clusters,machines
            NAME  PHASE  AGE
            cluster.cluster.k8s.io/test1  AGE

            NAME  PHASE  AGE
            machine.cluster.k8s.io/liugya-node-1  AGE
        """)
    finally:
        await terminal.run("kubectl delete -f PROJECT/config/crds")
