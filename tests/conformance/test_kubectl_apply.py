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
    # One real server serves all tests, and others bring these kinds, too.
    await terminal.run("kubectl delete --ignore-not-found -f PROJECT/config/crds")
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


async def test_apply_refuses_fields_that_a_custom_kind_does_not_have(terminal: Terminal, kites: str) -> None:
    terminal.write("bad.yaml", "{apiVersion: GROUP/v1, kind: Kite, metadata: {name: b}, spec: {size: 1, sise: 2}}")

    await terminal(r"""
        $ kubectl apply -f bad.yaml
        ! Error from server (BadRequest): error when creating "bad.yaml": Kite in version "v1" cannot be handled as a Kite: strict decoding error: unknown field "spec.sise"
        [1]
        $ kubectl apply -f bad.yaml --validate=warn
        kite.GROUP/b created
        ! Warning: unknown field "spec.sise"
        $ kubectl apply -f bad.yaml --validate=ignore
        kite.GROUP/b configured
        $ kubectl get kt b -o jsonpath='{.spec}'
        {"color":"red","size":1}
        $ kubectl apply -f bad.yaml
        ! The request is invalid: patch: Invalid value: OBJECT: strict decoding error: unknown field "spec.sise"
        [1]
        $ kubectl create -f bad.yaml
        ! Error from server (BadRequest): error when creating "bad.yaml": Kite in version "v1" cannot be handled as a Kite: strict decoding error: unknown field "spec.sise"
        [1]
        $ kubectl replace -f bad.yaml
        ! Error from server (BadRequest): error when replacing "bad.yaml": Kite in version "v1" cannot be handled as a Kite: strict decoding error: unknown field "spec.sise"
        [1]
    """)


async def test_apply_merges_lists_of_a_built_in_kind_by_key(terminal: Terminal) -> None:
    terminal.write(
        "second.yaml",
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          selector:
            matchLabels: {app: web}
          template:
            metadata:
              labels: {app: web}
            spec:
              containers:
              - {name: side, image: "side:1"}
              - {name: web, image: "web:2", env: [{name: B, value: "2"}]}
        """,
    )

    await terminal("""
        $ kubectl apply -f deployment.yaml
        deployment.apps/web created
        $ kubectl set env deploy/web C=3
        deployment.apps/web env updated
        $ kubectl apply -f second.yaml
        deployment.apps/web configured
        $ kubectl get deploy web -o yaml
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          annotations:
            kubectl.kubernetes.io/last-applied-configuration: |
              {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"annotations":{},"name":"web","namespace":"NAMESPACE"},"spec":{"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"image":"side:1","name":"side"},{"env":[{"name":"B","value":"2"}],"image":"web:2","name":"web"}]}}}}
          creationTimestamp: "TIME"
          generation: 3
          name: web
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        spec:
          progressDeadlineSeconds: 600
          replicas: 1
          revisionHistoryLimit: 10
          selector:
            matchLabels:
              app: web
          strategy:
            rollingUpdate:
              maxSurge: 25%
              maxUnavailable: 25%
            type: RollingUpdate
          template:
            metadata:
              labels:
                app: web
            spec:
              containers:
              - image: side:1
                imagePullPolicy: IfNotPresent
                name: side
                resources: {}
                terminationMessagePath: /dev/termination-log
                terminationMessagePolicy: File
              - env:
                - name: C
                  value: "3"
                - name: B
                  value: "2"
                image: web:2
                imagePullPolicy: IfNotPresent
                name: web
                resources: {}
                terminationMessagePath: /dev/termination-log
                terminationMessagePolicy: File
              dnsPolicy: ClusterFirst
              restartPolicy: Always
              schedulerName: default-scheduler
              securityContext: {}
              terminationGracePeriodSeconds: 30
        status: {}
        $ kubectl apply -f second.yaml
        deployment.apps/web configured
        $ kubectl apply view-last-applied deploy/web -o yaml
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          annotations: {}
          name: web
          namespace: NAMESPACE
        spec:
          selector:
            matchLabels:
              app: web
          template:
            metadata:
              labels:
                app: web
            spec:
              containers:
              - image: side:1
                name: side
              - env:
                - name: B
                  value: "2"
                image: web:2
                name: web
        $ kubectl apply set-last-applied -f deployment.yaml
        deployment.apps/web configured
        $ kubectl apply -f deployment.yaml
        deployment.apps/web configured
    """)


async def test_apply_refuses_values_of_the_wrong_type(terminal: Terminal, kites: str) -> None:
    terminal.write("kite.yaml", "{apiVersion: GROUP/v1, kind: Kite, metadata: {name: b}, spec: {size: big}}")
    terminal.write(
        "color.yaml", "{apiVersion: GROUP/v1, kind: Kite, metadata: {name: b}, spec: {size: 1, color: green}}"
    )
    terminal.write("none.yaml", "{apiVersion: GROUP/v1, kind: Kite, metadata: {name: b}}")
    terminal.write("empty.yaml", "{apiVersion: GROUP/v1, kind: Kite, metadata: {name: b}, spec: {}}")
    terminal.write("map.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {x: 1}}")
    terminal.write(
        "deployment2.yaml",
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: d}
        spec:
          replicas: two
          selector: {matchLabels: {app: d}}
          template: {metadata: {labels: {app: d}}, spec: {containers: [{name: d, image: d}]}}
        """,
    )

    await terminal("""
        $ kubectl apply -f kite.yaml
        ! The Kite "b" is invalid:
        ! * spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"
        ! * .spec.size: Invalid value: 0: .spec.size accessor error: big is of the type string, expected int64
        [1]
        $ kubectl apply -f color.yaml
        ! The Kite "b" is invalid: spec.color: Unsupported value: "green": supported values: "red", "blue"
        [1]
        $ kubectl apply -f none.yaml
        kite.GROUP/b created
        $ kubectl apply -f empty.yaml
        ! The Kite "b" is invalid: spec.size: Required value
        [1]
        $ kubectl apply -f map.yaml
        ! Error from server (BadRequest): error when creating "map.yaml": ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string
        [1]
        $ kubectl apply -f deployment2.yaml
        ! Error from server (BadRequest): error when creating "deployment2.yaml": Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32
        [1]
    """)


async def test_apply_refuses_what_may_not_change(terminal: Terminal) -> None:
    terminal.write(
        "other.yaml",
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: other}}
          template: {metadata: {labels: {app: other}}, spec: {containers: [{name: web}]}}
        """,
    )
    terminal.write(
        "fixed.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {x: '1'}, immutable: true}"
    )
    terminal.write(
        "moved.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {x: '2'}, immutable: true}"
    )

    await terminal("""
        $ kubectl apply -f deployment.yaml
        deployment.apps/web created
        $ kubectl apply -f other.yaml
        ! The Deployment "web" is invalid:
        ! * spec.template.spec.containers[0].image: Required value
        ! * spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable
        [1]
        $ kubectl apply -f fixed.yaml
        configmap/c created
        $ kubectl apply -f moved.yaml
        ! The ConfigMap "c" is invalid: data: Forbidden: field is immutable when `immutable` is set
        [1]
    """)


async def test_apply_refuses_fields_that_a_built_in_kind_does_not_have(terminal: Terminal) -> None:
    terminal.write("bad.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, lables: {a: b}}, dat: {x: '1'}}")
    terminal.write(
        "deep.yaml",
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: d}
        spec:
          replicsa: 2
          selector: {matchLabels: {app: d}}
          template:
            metadata: {labels: {app: d}}
            spec: {containers: [{name: d, imgae: d, image: d}]}
        """,
    )

    await terminal("""
        $ kubectl apply -f bad.yaml
        ! Error from server (BadRequest): error when creating "bad.yaml": ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dat", unknown field "metadata.lables"
        [1]
        $ kubectl apply -f bad.yaml --validate=warn
        configmap/c created
        ! Warning: unknown field "dat"
        ! Warning: unknown field "metadata.lables"
        $ kubectl apply -f deep.yaml
        ! Error from server (BadRequest): error when creating "deep.yaml": Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replicsa", unknown field "spec.template.spec.containers[0].imgae"
        [1]
        $ kubectl apply -f deep.yaml --validate=warn
        deployment.apps/d created
        ! Warning: unknown field "spec.replicsa"
        ! Warning: unknown field "spec.template.spec.containers[0].imgae"
        $ kubectl get deploy d -o jsonpath='{.spec.template.spec.containers[0].image}'
        d
    """)


async def test_apply_of_several_documents_goes_on_past_the_unknown_one(terminal: Terminal, kites: str) -> None:
    terminal.write(
        "many.yaml",
        """
        # Documents may be empty, or YAML or JSON.
        ---
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: one}
        data: {on: "yes", octal: "017"}
        ---
        apiVersion: v1
        kind: Nothing
        metadata: {name: two}
        ---
        {"apiVersion": "GROUP/v1", "kind": "Kite", "metadata": {"name": "three"}, "spec": {"size": 3}}
        ---
        apiVersion: v1
        kind: List
        items:
        - {apiVersion: v1, kind: Secret, metadata: {name: four}, stringData: {x: y}}
        - {apiVersion: v1, kind: ServiceAccount, metadata: {name: five}}
        """,
    )

    await terminal("""
        $ kubectl apply -f many.yaml
        configmap/one created
        kite.GROUP/three created
        serviceaccount/five created
        ! resource mapping not found for name: "two" namespace: "" from "many.yaml": no matches for kind "Nothing" in version "v1"
        ! ensure CRDs are installed first
        ! Error from server (BadRequest): error when creating "many.yaml": Secret in version "v1" cannot be handled as a Secret: json: cannot unmarshal bool into Go struct field Secret.stringData of type string
        [1]
        $ kubectl get cm/one kt/three secret/four sa/five -o name
        configmap/one
        kite.GROUP/three
        serviceaccount/five
        ! Error from server (NotFound): secrets "four" not found
        [1]
        $ kubectl apply -f many.yaml
        configmap/one unchanged
        kite.GROUP/three unchanged
        serviceaccount/five unchanged
        ! resource mapping not found for name: "two" namespace: "" from "many.yaml": no matches for kind "Nothing" in version "v1"
        ! ensure CRDs are installed first
        ! Error from server (BadRequest): error when creating "many.yaml": Secret in version "v1" cannot be handled as a Secret: json: cannot unmarshal bool into Go struct field Secret.stringData of type string
        [1]
        $ kubectl delete -f many.yaml
        configmap "one" deleted from NAMESPACE namespace
        kite.GROUP "three" deleted from NAMESPACE namespace
        serviceaccount "five" deleted from NAMESPACE namespace
        ! Error from server (NotFound): error when deleting "many.yaml": secrets "four" not found
        ! resource mapping not found for name: "two" namespace: "" from "many.yaml": no matches for kind "Nothing" in version "v1"
        ! ensure CRDs are installed first
        [1]
    """)
