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


async def test_create_makes_roles_and_bindings(terminal: Terminal) -> None:
    await terminal("""
        $ kubectl create role reader --verb=get,list --resource=pods,deployments.apps --resource-name=x
        role.rbac.authorization.k8s.io/reader created
        $ kubectl create role logs --verb=get --resource=pods/log
        role.rbac.authorization.k8s.io/logs created
        $ kubectl create role nothing --verb=get --resource=nothing
        ! the server doesn't have a resource type "nothing"
        [1]
        $ kubectl create role reader --verb=get --resource=pods
        ! Error from server (AlreadyExists): roles.rbac.authorization.k8s.io "reader" already exists
        [1]
        $ kubectl create rolebinding reader --role=reader --serviceaccount=NAMESPACE:robot --user=u --group=g
        rolebinding.rbac.authorization.k8s.io/reader created
        $ kubectl create rolebinding viewer --clusterrole=view --user=u
        rolebinding.rbac.authorization.k8s.io/viewer created
        $ kubectl create clusterrole cr-NAMESPACE --verb=get --resource=nodes/status --non-resource-url=/metrics
        clusterrole.rbac.authorization.k8s.io/cr-NAMESPACE created
        $ kubectl create clusterrole cr-NAMESPACE --verb=get --resource=nodes/status
        ! Error from server (AlreadyExists): clusterroles.rbac.authorization.k8s.io "cr-NAMESPACE" already exists
        [1]
        $ kubectl create clusterrole scrape-NAMESPACE --verb=get --non-resource-url=/metrics
        clusterrole.rbac.authorization.k8s.io/scrape-NAMESPACE created
        $ kubectl create clusterrole sum-NAMESPACE --aggregation-rule=sum=NAMESPACE
        clusterrole.rbac.authorization.k8s.io/sum-NAMESPACE created
        $ kubectl create clusterrolebinding crb-NAMESPACE --clusterrole=cr-NAMESPACE --serviceaccount=NAMESPACE:robot
        clusterrolebinding.rbac.authorization.k8s.io/crb-NAMESPACE created
        $ kubectl get role reader -o yaml
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          creationTimestamp: "TIME"
          name: reader
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        rules:
        - apiGroups:
          - ""
          resourceNames:
          - x
          resources:
          - pods
          verbs:
          - get
          - list
        - apiGroups:
          - apps
          resourceNames:
          - x
          resources:
          - deployments
          verbs:
          - get
          - list
        $ kubectl get rolebinding reader -o yaml
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata:
          creationTimestamp: "TIME"
          name: reader
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: Role
          name: reader
        subjects:
        - apiGroup: rbac.authorization.k8s.io
          kind: User
          name: u
        - apiGroup: rbac.authorization.k8s.io
          kind: Group
          name: g
        - kind: ServiceAccount
          name: robot
          namespace: NAMESPACE
        $ kubectl get clusterrole sum-NAMESPACE -o yaml
        aggregationRule:
          clusterRoleSelectors:
          - matchLabels:
              sum: NAMESPACE
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          creationTimestamp: "TIME"
          name: sum-NAMESPACE
          resourceVersion: REVISION
          uid: UID
        rules: null
        $ kubectl get roles
        NAME  CREATED AT
        logs  TIME
        reader  TIME
        $ kubectl get rolebindings -o wide
        NAME  ROLE  AGE  USERS  GROUPS  SERVICEACCOUNTS
        reader  Role/reader  AGE  u  g  NAMESPACE/robot
        viewer  ClusterRole/view  AGE  u
        $ kubectl get clusterroles scrape-NAMESPACE sum-NAMESPACE
        NAME  CREATED AT
        scrape-NAMESPACE  TIME
        sum-NAMESPACE  TIME
        $ kubectl get clusterrolebindings crb-NAMESPACE -o wide
        NAME  ROLE  AGE  USERS  GROUPS  SERVICEACCOUNTS
        crb-NAMESPACE  ClusterRole/cr-NAMESPACE  AGE  NAMESPACE/robot
        $ kubectl delete clusterrole cr-NAMESPACE scrape-NAMESPACE sum-NAMESPACE
        clusterrole.rbac.authorization.k8s.io "cr-NAMESPACE" deleted
        clusterrole.rbac.authorization.k8s.io "scrape-NAMESPACE" deleted
        clusterrole.rbac.authorization.k8s.io "sum-NAMESPACE" deleted
        $ kubectl delete clusterrolebinding crb-NAMESPACE
        clusterrolebinding.rbac.authorization.k8s.io "crb-NAMESPACE" deleted
    """)


async def test_create_makes_deployments_and_services(terminal: Terminal) -> None:
    await terminal("""
        $ kubectl create deployment web --image=web:1 --replicas=2 --port=80
        deployment.apps/web created
        $ kubectl get deploy web -o yaml
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          creationTimestamp: "TIME"
          generation: 1
          labels:
            app: web
          name: web
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        spec:
          progressDeadlineSeconds: 600
          replicas: 2
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
              - image: web:1
                imagePullPolicy: IfNotPresent
                name: web
                ports:
                - containerPort: 80
                  protocol: TCP
                resources: {}
                terminationMessagePath: /dev/termination-log
                terminationMessagePolicy: File
              dnsPolicy: ClusterFirst
              restartPolicy: Always
              schedulerName: default-scheduler
              securityContext: {}
              terminationGracePeriodSeconds: 30
        status: {}
        $ kubectl create deployment web --image=web:1
        ! error: failed to create deployment: deployments.apps "web" already exists
        [1]
        $ kubectl create service clusterip head --clusterip=None --tcp=80:8080
        service/head created
        $ kubectl get svc head
        NAME  TYPE  CLUSTER-IP  EXTERNAL-IP  PORT(S)  AGE
        head  ClusterIP  None  <none>  80/TCP  AGE
        $ kubectl run p --image=i --port=80 --env=A=1 --labels=run=p -- sleep 5
        pod/p created
        $ kubectl get pod p -o jsonpath='{.spec.containers[0].args} {.spec.containers[0].env} {.spec.containers[0].ports}'
        ["sleep","5"] [{"name":"A","value":"1"}] [{"containerPort":80,"protocol":"TCP"}]
        $ kubectl run p --image=i
        ! Error from server (AlreadyExists): pods "p" already exists
        [1]
        $ kubectl run q --image=i --dry-run=client
        pod/q created (dry run)
    """)
