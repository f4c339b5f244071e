"""kubectl auth: can-i, whoami and reconcile, as others and with a service account's token."""

import pytest
import yaml
from tests.conformance.servers import Served
from tests.conformance.terminal import Terminal


@pytest.fixture
async def robot(terminal: Terminal) -> None:
    """Make a service account that may read pods named x and see Kites' status."""
    terminal.names["ROBOT"] = f"system:serviceaccount:{terminal.names['NAMESPACE']}:robot"
    await terminal("""
        $ kubectl create serviceaccount robot
        serviceaccount/robot created
        $ kubectl create role reader --verb=get,list --resource=pods --resource-name=x
        role.rbac.authorization.k8s.io/reader created
        $ kubectl create role logs --verb=get --resource=pods/log
        role.rbac.authorization.k8s.io/logs created
        $ kubectl create rolebinding reader --role=reader --serviceaccount=NAMESPACE:robot --group=g
        rolebinding.rbac.authorization.k8s.io/reader created
        $ kubectl create rolebinding logs --role=logs --serviceaccount=NAMESPACE:robot
        rolebinding.rbac.authorization.k8s.io/logs created
    """)


async def test_can_i_answers_for_the_administrator_and_for_others(terminal: Terminal, kites: str, robot: None) -> None:
    await terminal("""
        $ kubectl auth can-i get pods
        yes
        $ kubectl auth can-i '*' '*'
        yes
        $ kubectl auth can-i fly kites
        yes
        ! Warning: verb 'fly' is not a known verb
        !
        $ kubectl auth can-i get nothing
        yes
        ! Warning: the server doesn't have a resource type 'nothing'
        !
        $ kubectl auth can-i get pods --as ROBOT
        no
        [1]
        $ kubectl auth can-i get pods/x --as ROBOT
        yes
        $ kubectl auth can-i get pods --subresource=log --as ROBOT
        yes
        $ kubectl auth can-i get pods/x --as u --as-group g
        yes
        $ kubectl auth can-i get pods/x --as u
        no
        [1]
        $ kubectl auth can-i get pods/x -n default --as ROBOT
        no
        [1]
        $ kubectl auth can-i list kites --as ROBOT
        no
        [1]
        $ kubectl auth can-i get /healthz --as ROBOT
        yes
        $ kubectl auth can-i get /metrics --as ROBOT
        no
        [1]
        $ kubectl auth can-i get /metrics
        yes
        $ kubectl auth can-i get pods -A --as ROBOT
        no
        [1]
        $ kubectl auth can-i get pods -q --as u
        [1]
        $ kubectl auth can-i get
        ! error: you must specify two arguments: verb resource or verb resource/resourceName.
        ! See 'kubectl auth can-i -h' for help and examples.
        [1]
    """)


async def test_can_i_lists_what_may_be_done(terminal: Terminal, robot: None) -> None:
    await terminal("""
        $ kubectl auth can-i --list --as u
        Resources  Non-Resource URLs  Resource Names  Verbs
        selfsubjectreviews.authentication.k8s.io  []  []  [create]
        selfsubjectaccessreviews.authorization.k8s.io  []  []  [create]
        selfsubjectrulesreviews.authorization.k8s.io  []  []  [create]
                                                        [/api/*]  []  [get]
                                                        [/api]  []  [get]
                                                        [/apis/*]  []  [get]
                                                        [/apis]  []  [get]
                                                        [/healthz]  []  [get]
                                                        [/healthz]  []  [get]
                                                        [/livez]  []  [get]
                                                        [/livez]  []  [get]
                                                        [/openapi/*]  []  [get]
                                                        [/openapi]  []  [get]
                                                        [/readyz]  []  [get]
                                                        [/readyz]  []  [get]
                                                        [/version/]  []  [get]
                                                        [/version/]  []  [get]
                                                        [/version]  []  [get]
                                                        [/version]  []  [get]
        $ kubectl auth can-i --list
        Resources  Non-Resource URLs  Resource Names  Verbs
        *.*  []  []  [*]
                                                        [*]  []  [*]
        selfsubjectreviews.authentication.k8s.io  []  []  [create]
        selfsubjectaccessreviews.authorization.k8s.io  []  []  [create]
        selfsubjectrulesreviews.authorization.k8s.io  []  []  [create]
                                                        [/api/*]  []  [get]
                                                        [/api]  []  [get]
                                                        [/apis/*]  []  [get]
                                                        [/apis]  []  [get]
                                                        [/healthz]  []  [get]
                                                        [/healthz]  []  [get]
                                                        [/livez]  []  [get]
                                                        [/livez]  []  [get]
                                                        [/openapi/*]  []  [get]
                                                        [/openapi]  []  [get]
                                                        [/readyz]  []  [get]
                                                        [/readyz]  []  [get]
                                                        [/version/]  []  [get]
                                                        [/version/]  []  [get]
                                                        [/version]  []  [get]
                                                        [/version]  []  [get]
        $ kubectl auth can-i --list --no-headers --as u --as-group g
        selfsubjectreviews.authentication.k8s.io  []  []  [create]
        selfsubjectaccessreviews.authorization.k8s.io  []  []  [create]
        selfsubjectrulesreviews.authorization.k8s.io  []  []  [create]
        pods  []  [x]  [get list]
                                                        [/api/*]  []  [get]
                                                        [/api]  []  [get]
                                                        [/apis/*]  []  [get]
                                                        [/apis]  []  [get]
                                                        [/healthz]  []  [get]
                                                        [/healthz]  []  [get]
                                                        [/livez]  []  [get]
                                                        [/livez]  []  [get]
                                                        [/openapi/*]  []  [get]
                                                        [/openapi]  []  [get]
                                                        [/readyz]  []  [get]
                                                        [/readyz]  []  [get]
                                                        [/version/]  []  [get]
                                                        [/version/]  []  [get]
                                                        [/version]  []  [get]
                                                        [/version]  []  [get]
    """)


async def test_whoami_tells_who_asks(terminal: Terminal) -> None:
    await terminal("""
        $ kubectl auth whoami
        ATTRIBUTE  VALUE
        Username  kubernetes-admin
        Groups  [system:masters system:authenticated]
        Extra: authentication.kubernetes.io/credential-id  [X509SHA256=FINGERPRINT]
        $ kubectl auth whoami -o yaml
        apiVersion: authentication.k8s.io/v1
        kind: SelfSubjectReview
        metadata:
          creationTimestamp: "TIME"
        status:
          userInfo:
            extra:
              authentication.kubernetes.io/credential-id:
              - X509SHA256=FINGERPRINT
            groups:
            - system:masters
            - system:authenticated
            username: kubernetes-admin
        $ kubectl auth whoami --as u --as-group g --as-uid 3 --as-user-extra k=v
        ATTRIBUTE  VALUE
        Username  u
        UID  3
        Groups  [g system:authenticated]
        Extra: k  [v]
        $ kubectl auth whoami --as system:serviceaccount:NAMESPACE:robot
        ATTRIBUTE  VALUE
        Username  system:serviceaccount:NAMESPACE:robot
        Groups  [system:serviceaccounts system:serviceaccounts:NAMESPACE system:authenticated]
    """)


async def test_a_token_acts_as_its_service_account(terminal: Terminal, served: Served, robot: None) -> None:
    token = await terminal.run("kubectl create token robot")
    config = yaml.safe_load(served.kubeconfig)
    config["users"][0]["user"] = {"token": token}
    terminal.write("robot.kubeconfig", yaml.safe_dump(config))

    await terminal("""
        $ KUBECONFIG=robot.kubeconfig kubectl auth whoami -o jsonpath='{.status.userInfo.username} {.status.userInfo.groups}'
        system:serviceaccount:NAMESPACE:robot ["system:serviceaccounts","system:serviceaccounts:NAMESPACE","system:authenticated"]
        $ KUBECONFIG=robot.kubeconfig kubectl get pods -n NAMESPACE
        ! Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:NAMESPACE:robot" cannot list resource "pods" in API group "" in the namespace "NAMESPACE"
        [1]
        $ KUBECONFIG=robot.kubeconfig kubectl get pod x -n NAMESPACE
        ! Error from server (NotFound): pods "x" not found
        [1]
        $ KUBECONFIG=robot.kubeconfig kubectl get pod y -n NAMESPACE
        ! Error from server (Forbidden): pods "y" is forbidden: User "system:serviceaccount:NAMESPACE:robot" cannot get resource "pods" in API group "" in the namespace "NAMESPACE"
        [1]
        $ KUBECONFIG=robot.kubeconfig kubectl get nodes
        ! Error from server (Forbidden): nodes is forbidden: User "system:serviceaccount:NAMESPACE:robot" cannot list resource "nodes" in API group "" at the cluster scope
        [1]
        $ KUBECONFIG=robot.kubeconfig kubectl delete ns NAMESPACE
        ! Error from server (Forbidden): namespaces "NAMESPACE" is forbidden: User "system:serviceaccount:NAMESPACE:robot" cannot delete resource "namespaces" in API group "" in the namespace "NAMESPACE"
        [1]
        $ kubectl get pods --token=nonsense --kubeconfig=robot.kubeconfig
        ! error: You must be logged in to the server (Unauthorized)
        [1]
    """)


async def test_reconcile_makes_roles_and_bindings_and_adds_what_they_lack(terminal: Terminal) -> None:
    terminal.write(
        "rbac.yaml",
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: r-NAMESPACE}
        rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: r-NAMESPACE}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r-NAMESPACE}
        subjects: [{kind: User, name: u, apiGroup: rbac.authorization.k8s.io}]
        """,
    )
    terminal.write("more.yaml", (terminal.folder / "rbac.yaml").read_text().replace("[get]", "[get, list]"))

    await terminal("""
        $ kubectl auth reconcile -f rbac.yaml
        clusterrole.rbac.authorization.k8s.io/r-NAMESPACE reconciled
        clusterrolebinding.rbac.authorization.k8s.io/r-NAMESPACE reconciled
        !  reconciliation required create
        !  missing rules added:
        !  {Verbs:[get] APIGroups:[] Resources:[pods] ResourceNames:[] NonResourceURLs:[]}
        !  reconciliation required create
        !  missing subjects added:
        !  {Kind:User APIGroup:rbac.authorization.k8s.io Name:u Namespace:}
        $ kubectl auth reconcile -f more.yaml
        clusterrole.rbac.authorization.k8s.io/r-NAMESPACE reconciled
        clusterrolebinding.rbac.authorization.k8s.io/r-NAMESPACE reconciled
        !  reconciliation required update
        !  missing rules added:
        !  {Verbs:[list] APIGroups:[] Resources:[pods] ResourceNames:[] NonResourceURLs:[]}
        $ kubectl get clusterrole r-NAMESPACE -o jsonpath='{.rules}'
        [{"apiGroups":[""],"resources":["pods"],"verbs":["get"]},{"apiGroups":[""],"resources":["pods"],"verbs":["list"]}]
        $ kubectl delete -f more.yaml
        clusterrole.rbac.authorization.k8s.io "r-NAMESPACE" deleted
        clusterrolebinding.rbac.authorization.k8s.io "r-NAMESPACE" deleted
    """)


async def test_nobody_grants_more_than_is_theirs(terminal: Terminal, robot: None) -> None:
    await terminal("""
        $ kubectl create role maker --verb=create,get,update --resource=roles.rbac.authorization.k8s.io,rolebindings.rbac.authorization.k8s.io
        role.rbac.authorization.k8s.io/maker created
        $ kubectl create rolebinding maker --role=maker --serviceaccount=NAMESPACE:robot
        rolebinding.rbac.authorization.k8s.io/maker created
        $ kubectl create role more --verb=get --resource=secrets --as ROBOT
        ! Error from server (Forbidden): roles.rbac.authorization.k8s.io "more" is forbidden: user "system:serviceaccount:NAMESPACE:robot" (groups=["system:serviceaccounts" "system:serviceaccounts:NAMESPACE" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:
        ! {APIGroups:[""], Resources:["secrets"], Verbs:["get"]}
        [1]
        $ kubectl create role same --verb=get --resource=pods/log --as ROBOT
        role.rbac.authorization.k8s.io/same created
    """)
