"""kubectl taint, cordon, uncordon, drain and certificate."""

import base64

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.conformance.terminal import Terminal
from tests.raw_api import Api


async def test_nodes_are_closed_tainted_and_opened(terminal: Terminal, api: Api) -> None:
    await terminal("""
        $ kubectl create -f node.yaml
        node/NODE created
    """)
    await api.merge(f"/api/v1/nodes/{terminal.names['NODE']}", {"spec": {"taints": None}})

    await terminal("""
        $ kubectl get node NODE
        NAME  STATUS  ROLES  AGE  VERSION
        NODE  Unknown  <none>  AGE
        $ kubectl cordon NODE
        node/NODE cordoned
        $ kubectl cordon NODE
        node/NODE already cordoned
        $ kubectl get node NODE
        NAME  STATUS  ROLES  AGE  VERSION
        NODE  Unknown,SchedulingDisabled  <none>  AGE
        $ kubectl get node NODE -o jsonpath='{.spec}'
        {"unschedulable":true}
        $ kubectl uncordon NODE
        node/NODE uncordoned
        $ kubectl taint node NODE a=b:NoSchedule
        node/NODE tainted
        $ kubectl taint node NODE a=b:NoSchedule
        ! error: node NODE already has a taint(s) with same effect(s) and --overwrite is false
        [1]
        $ kubectl taint node NODE a=c:NoSchedule --overwrite
        node/NODE modified
        $ kubectl get node NODE -o jsonpath='{.spec.taints}'
        [{"effect":"NoSchedule","key":"a","value":"c"}]
        $ kubectl taint node NODE a:NoSchedule-
        node/NODE untainted
        $ kubectl taint node NODE a:NoSchedule-
        ! error: taint "a:NoSchedule" not found
        [1]
        $ kubectl taint node NODE a=b:Fly
        ! error: invalid taint effect: Fly, unsupported taint effect
        ! See 'kubectl taint -h' for help and examples
        [1]
        $ kubectl get node NODE -o jsonpath='{.spec}'
        {}
        $ kubectl delete node NODE
        node "NODE" deleted
    """)


async def test_certificate_requests_are_approved_and_denied(terminal: Terminal) -> None:
    for name in ("one", "two"):
        await request_certificate(terminal, name)

    await terminal("""
        $ kubectl get csr one-NAMESPACE two-NAMESPACE
        NAME  AGE  SIGNERNAME  REQUESTOR  REQUESTEDDURATION  CONDITION
        one-NAMESPACE  AGE  kubernetes.io/kube-apiserver-client  kubernetes-admin  <none>  Pending
        two-NAMESPACE  AGE  kubernetes.io/kube-apiserver-client  kubernetes-admin  <none>  Pending
        $ kubectl certificate approve one-NAMESPACE
        certificatesigningrequest.certificates.k8s.io/one-NAMESPACE approved
        $ kubectl certificate approve one-NAMESPACE
        certificatesigningrequest.certificates.k8s.io/one-NAMESPACE approved
        $ kubectl certificate deny two-NAMESPACE
        certificatesigningrequest.certificates.k8s.io/two-NAMESPACE denied
        $ kubectl certificate deny one-NAMESPACE
        ! error: certificate signing request "one-NAMESPACE" is already Approved
        [1]
        $ kubectl certificate approve nothing
        ! Error from server (NotFound): certificatesigningrequests.certificates.k8s.io "nothing" not found
        [1]
        $ kubectl get csr one-NAMESPACE two-NAMESPACE
        NAME  AGE  SIGNERNAME  REQUESTOR  REQUESTEDDURATION  CONDITION
        one-NAMESPACE  AGE  kubernetes.io/kube-apiserver-client  kubernetes-admin  <none>  Approved
        two-NAMESPACE  AGE  kubernetes.io/kube-apiserver-client  kubernetes-admin  <none>  Denied
        $ kubectl describe csr one-NAMESPACE
        Name:  one-NAMESPACE
        Labels:  <none>
        Annotations:  <none>
        CreationTimestamp:  TIME
        Requesting User:  kubernetes-admin
        Signer:  kubernetes.io/kube-apiserver-client
        Status:  Approved
        Subject:
                 Common Name:  u
                 Serial Number:
                 Organization:  g
        Events:  <none>
        $ kubectl delete csr one-NAMESPACE two-NAMESPACE
        certificatesigningrequest.certificates.k8s.io "one-NAMESPACE" deleted
        certificatesigningrequest.certificates.k8s.io "two-NAMESPACE" deleted
    """)


async def request_certificate(terminal: Terminal, name: str) -> None:
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "g"), x509.NameAttribute(NameOID.COMMON_NAME, "u")]
    )
    signed = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    text = base64.b64encode(signed.public_bytes(serialization.Encoding.PEM)).decode()
    terminal.write(
        f"{name}.yaml",
        f"""
        apiVersion: certificates.k8s.io/v1
        kind: CertificateSigningRequest
        metadata: {{name: {name}-NAMESPACE}}
        spec:
          request: {text}
          signerName: kubernetes.io/kube-apiserver-client
          usages: [client auth]
        """,
    )
    await terminal.run(f"kubectl create -f {name}.yaml")
