"""One right object of many kinds, to be spoiled: from nearly right ones a fuzzer learns more than from random ones."""

import base64
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.apiserver.widgets import widget_definition

WORDS = (
    "spec", "status", "data", "type", "metadata", "labels", "annotations", "name", "namespace", "finalizers",
    "ownerReferences", "uid", "template", "containers", "selector", "matchLabels", "matchExpressions", "replicas",
    "rules", "verbs", "roleRef", "subjects", "ports", "versions", "schema", "names", "plural", "kind", "group",
    "resourceAttributes", "request", "signerName", "conditions", "strategy", "rollingUpdate", "image", "subsets",
    "additionalPrinterColumns", "subresources", "openAPIV3Schema", "properties", "involvedObject", "key", "operator",
)  # fmt: skip


def make_request(*groups: str) -> str:
    """Return a certificate request of a member of `groups`, as an object carries it."""
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    request = builder.sign(generate_private_key(SECP256R1()), SHA256())
    return base64.b64encode(request.public_bytes(Encoding.PEM)).decode()


REQUEST = make_request()
POD_SPEC = {
    "containers": [
        {"name": "c", "image": "i:1", "ports": [{"containerPort": 1}], "env": [{"name": "A", "value": "b"}]}
    ],
    "initContainers": [{"name": "d", "image": "i"}],
    "nodeName": "n",
    "terminationGracePeriodSeconds": 1,
}
POD_STATUS = {"phase": "Running", "containerStatuses": [{"name": "c", "ready": True, "state": {"running": {}}}]}
GADGETS = widget_definition()["spec"] | {"group": "right.example.com", "names": {"kind": "Gadget", "plural": "gadgets"}}
LABELS = {"app": "web"}
APP_SPEC = {
    "replicas": 1,
    "selector": {"matchLabels": LABELS, "matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]},
    "template": {"metadata": {"labels": LABELS}, "spec": POD_SPEC},
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
}
META = {
    "labels": LABELS,
    "annotations": LABELS,
    "finalizers": [],
    "ownerReferences": [{"apiVersion": "x.org/v1", "kind": "X", "name": "n", "uid": "u", "controller": True}],
}
SUBJECTS = [{"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s", "namespace": "default"}]
ROLE_REF = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}


def name_of(path: str) -> str:
    """Return the name of the right object at `path`: a definition's follows from what it defines."""
    return "gadgets.right.example.com" if path.endswith("definitions") else "right"


RIGHT: dict[str, dict[str, Any]] = {
    "/api/v1/nodes": {
        "spec": {"podCIDR": "10.0.0.0/24", "taints": [{"key": "k", "effect": "NoSchedule"}], "unschedulable": True},
        "status": {"conditions": [{"type": "Ready", "status": "True"}], "addresses": [{"type": "InternalIP"}]},
    },
    "/api/v1/namespaces/default/pods": {"spec": POD_SPEC, "status": POD_STATUS},
    "/api/v1/namespaces/default/secrets": {"data": {"a": "Yg=="}, "stringData": {"c": "d"}, "type": "Opaque"},
    "/api/v1/namespaces/default/services": {
        "spec": {"ports": [{"port": 80, "targetPort": 80}], "selector": LABELS, "type": "ClusterIP"}
    },
    "/api/v1/namespaces/default/endpoints": {"subsets": [{"addresses": [{"ip": "1.2.3.4"}], "ports": [{"port": 1}]}]},
    "/api/v1/namespaces/default/events": {
        "involvedObject": {"kind": "Pod", "name": "p"},
        "lastTimestamp": "2026-01-01T00:00:00Z",
        "series": {"lastObservedTime": "2026-01-01T00:00:00.000000Z"},
        "source": {"component": "c"},
    },
    "/apis/apps/v1/namespaces/default/deployments": {"spec": APP_SPEC},
    "/apis/apps/v1/namespaces/default/statefulsets": {"spec": APP_SPEC},
    "/apis/coordination.k8s.io/v1/namespaces/default/leases": {"spec": {"holderIdentity": "me"}},
    "/apis/rbac.authorization.k8s.io/v1/clusterroles": {
        "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}],
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": LABELS}]},
    },
    "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings": {"subjects": SUBJECTS, "roleRef": ROLE_REF},
    "/apis/certificates.k8s.io/v1/certificatesigningrequests": {
        "spec": {"request": REQUEST, "signerName": "kubernetes.io/kube-apiserver-client", "usages": ["client auth"]},
        "status": {"conditions": [{"type": "Approved", "status": "True"}]},
    },
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions": {"spec": GADGETS},
    "/apis/example.com/v1/namespaces/default/widgets": {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "spec": {"size": 1, "free": {"a": 1}},
        "status": {"size": 1},
    },
    "/apis/authorization.k8s.io/v1/subjectaccessreviews": {
        "spec": {"user": "u", "groups": ["g"], "resourceAttributes": {"verb": "get", "resource": "pods"}}
    },
}
RIGHT = {
    path: obj if path.endswith("reviews") else {"metadata": META | {"name": name_of(path)}} | obj
    for path, obj in RIGHT.items()
}
