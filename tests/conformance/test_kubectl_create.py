"""kubectl create and replace, of files and of what it makes itself."""

from tests.conformance.servers import Served
from tests.conformance.terminal import Terminal


async def test_create_makes_an_object_once(terminal: Terminal, kites: str) -> None:
    terminal.write(
        "generated.yaml", "{apiVersion: GROUP/v1, kind: Kite, metadata: {generateName: g-}, spec: {size: 1}}"
    )

    await terminal("""
        $ kubectl create -f a.yaml -f deployment.yaml
        kite.GROUP/a created
        deployment.apps/web created
        $ kubectl create -f a.yaml -f deployment.yaml
        ! Error from server (AlreadyExists): error when creating "a.yaml": kites.GROUP "a" already exists
        ! Error from server (AlreadyExists): error when creating "deployment.yaml": deployments.apps "web" already exists
        [1]
        $ kubectl get kt,deploy -o name
        kite.GROUP/a
        deployment.apps/web
        $ kubectl apply -f generated.yaml
        ! error: from g-: cannot use generate name with apply
        [1]
        $ kubectl create -f a.yaml --save-config
        ! Error from server (AlreadyExists): error when creating "a.yaml": kites.GROUP "a" already exists
        [1]
        $ kubectl create -f a.yaml --dry-run=client -o yaml
        apiVersion: GROUP/v1
        kind: Kite
        metadata:
          labels:
            tier: one
          name: a
          namespace: NAMESPACE
        spec:
          size: 1
        $ kubectl create
        ! error: must specify one of -f and -k
        [1]
    """)


async def test_replace_writes_the_whole_object(terminal: Terminal, kites: str) -> None:
    terminal.write("small.yaml", "{apiVersion: GROUP/v1, kind: Kite, metadata: {name: a}, spec: {size: 5}}")
    terminal.write(
        "stale.yaml", "{apiVersion: GROUP/v1, kind: Kite, metadata: {name: a, resourceVersion: '1'}, spec: {size: 6}}"
    )

    await terminal("""
        $ kubectl replace -f a.yaml
        ! Error from server (NotFound): error when replacing "a.yaml": kites.GROUP "a" not found
        [1]
        $ kubectl create -f a.yaml
        kite.GROUP/a created
        $ kubectl replace -f small.yaml
        kite.GROUP/a replaced
        $ kubectl get kt a --show-labels
        NAME  SIZE  AGE  LABELS
        a  5  AGE  <none>
        $ kubectl replace -f stale.yaml
        ! Error from server (Conflict): error when replacing "stale.yaml": Operation cannot be fulfilled on kites.GROUP "a": the object has been modified; please apply your changes to the latest version and try again
        [1]
        $ kubectl replace -f small.yaml --force
        kite.GROUP "a" deleted from NAMESPACE namespace
        kite.GROUP/a replaced
        $ kubectl create -f deployment.yaml
        deployment.apps/web created
        $ kubectl replace -f deployment.yaml
        deployment.apps/web replaced
    """)


async def test_create_makes_secrets_and_config_maps(terminal: Terminal) -> None:
    terminal.write("readme.txt", "hello\n")
    terminal.write("env", "A=1\nB=two\n")

    await terminal("""
        $ kubectl create secret generic s --from-literal=a=b --from-file=readme.txt
        secret/s created
        $ kubectl create secret generic s
        ! error: failed to create secret secrets "s" already exists
        [1]
        $ kubectl create secret docker-registry r --docker-server=r --docker-username=u --docker-password=p
        secret/r created
        $ kubectl create secret generic bad --type=kubernetes.io/tls --from-literal=a=b
        ! error: failed to create secret Secret "bad" is invalid: [data[tls.crt]: Required value, data[tls.key]: Required value]
        [1]
        $ kubectl get secrets
        NAME  TYPE  DATA  AGE
        r  kubernetes.io/dockerconfigjson  1  AGE
        s  Opaque  2  AGE
        $ kubectl get secret s -o yaml
        apiVersion: v1
        data:
          a: Yg==
          readme.txt: aGVsbG8K
        kind: Secret
        metadata:
          creationTimestamp: "TIME"
          name: s
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        type: Opaque
        $ kubectl get secret r -o yaml
        apiVersion: v1
        data:
          .dockerconfigjson: eyJhdXRocyI6eyJyIjp7InVzZXJuYW1lIjoidSIsInBhc3N3b3JkIjoicCIsImF1dGgiOiJkVHB3In19fQ==
        kind: Secret
        metadata:
          creationTimestamp: "TIME"
          name: r
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        type: kubernetes.io/dockerconfigjson
        $ kubectl create configmap c --from-env-file=env --from-file=readme.txt
        ! error: from-env-file cannot be combined with from-file or from-literal
        [1]
        $ kubectl create configmap c
        configmap/c created
        $ kubectl create configmap c2 --from-literal='bad key=1'
        ! error: "bad key" is not a valid key name for a ConfigMap: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')
        [1]
        $ kubectl get cm c -o yaml
        apiVersion: v1
        kind: ConfigMap
        metadata:
          creationTimestamp: "TIME"
          name: c
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        $ kubectl create configmap d --from-literal=x=1 --dry-run=client
        configmap/d created (dry run)
        $ kubectl create configmap d --from-literal=x=1 --dry-run=client -o yaml
        apiVersion: v1
        data:
          x: "1"
        kind: ConfigMap
        metadata:
          name: d
        $ kubectl get cm d
        ! Error from server (NotFound): configmaps "d" not found
        [1]
    """)


async def test_create_makes_tls_secrets_of_files(terminal: Terminal, served: Served) -> None:
    pki = served.pki
    (terminal.folder / "tls.crt").write_bytes(pki.serving_certificate.read_bytes())
    (terminal.folder / "tls.key").write_bytes(pki.serving_key.read_bytes())

    await terminal("""
        $ kubectl create secret tls t --cert=tls.crt --key=tls.key
        secret/t created
        $ kubectl get secret t
        NAME  TYPE  DATA  AGE
        t  kubernetes.io/tls  2  AGE
        $ kubectl create secret tls u --cert=tls.key --key=tls.crt
        ! error: tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched
        [1]
    """)


async def test_create_makes_namespaces_and_service_accounts_with_tokens(terminal: Terminal) -> None:
    await terminal("""
        $ kubectl create namespace NAMESPACE
        ! Error from server (AlreadyExists): namespaces "NAMESPACE" already exists
        [1]
        $ kubectl create namespace Bad_Name
        ! The Namespace "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')
        [1]
        $ kubectl create namespace more-NAMESPACE
        namespace/more-NAMESPACE created
        $ kubectl get ns more-NAMESPACE --show-labels
        NAME  STATUS  AGE  LABELS
        more-NAMESPACE  Active  AGE  kubernetes.io/metadata.name=more-NAMESPACE
        $ kubectl delete ns more-NAMESPACE --wait=false
        namespace "more-NAMESPACE" deleted
        $ kubectl create serviceaccount robot
        serviceaccount/robot created
        $ kubectl get sa robot -o yaml
        apiVersion: v1
        kind: ServiceAccount
        metadata:
          creationTimestamp: "TIME"
          name: robot
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        $ kubectl get sa robot
        NAME  AGE
        robot  AGE
        $ kubectl create token nobody
        ! error: failed to create token: serviceaccounts "nobody" not found
        [1]
        $ kubectl create token robot --duration=1m
        ! error: failed to create token: TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes
        [1]
        $ kubectl create token robot --bound-object-kind=Secret --bound-object-name=nothing
        ! error: failed to create token: secrets "nothing" not found
        [1]
        $ kubectl create token robot --bound-object-kind=Node --bound-object-name=nothing
        ! error: failed to create token: nodes "nothing" not found
        [1]
    """)
