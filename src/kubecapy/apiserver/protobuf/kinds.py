"""Tell the protobuf messages of the kinds that kubectl sends in this form.

Field numbers come from the generated.proto files of k8s.io/api and k8s.io/apimachinery, v0.32.
"""

from collections.abc import Mapping

from kubecapy.apimachinery.resources import GroupVersionKind
from kubecapy.apiserver.protobuf.shapes import Shape, by_key, many, message, one

_OWNER = message(
    one(1, "kind"),
    one(3, "name"),
    one(4, "uid"),
    one(5, "apiVersion"),
    one(6, "controller", "boolean"),
    one(7, "blockOwnerDeletion", "boolean"),
)
_META = message(
    one(1, "name"),
    one(2, "generateName"),
    one(3, "namespace"),
    one(5, "uid"),
    one(6, "resourceVersion"),
    one(7, "generation", "integer"),
    one(8, "creationTimestamp", "time"),
    one(9, "deletionTimestamp", "time"),
    one(10, "deletionGracePeriodSeconds", "integer"),
    by_key(11, "labels"),
    by_key(12, "annotations"),
    many(13, "ownerReferences", _OWNER),
    many(14, "finalizers"),
)
_METADATA = one(1, "metadata", _META)
_OBJECT_REFERENCE = message(
    one(1, "kind"), one(2, "namespace"), one(3, "name"), one(4, "uid"), one(5, "apiVersion"), one(6, "resourceVersion")
)
_RULE = message(
    many(1, "verbs"), many(2, "apiGroups"), many(3, "resources"), many(4, "resourceNames"), many(5, "nonResourceURLs")
)
_SUBJECT = message(one(1, "kind"), one(2, "apiGroup"), one(3, "name"), one(4, "namespace"))
_ROLE_REF = message(one(1, "apiGroup"), one(2, "kind"), one(3, "name"))
_BINDING = message(_METADATA, many(2, "subjects", _SUBJECT), one(3, "roleRef", _ROLE_REF))
_RESOURCE_ATTRIBUTES = message(
    one(1, "namespace"),
    one(2, "verb"),
    one(3, "group"),
    one(4, "version"),
    one(5, "resource"),
    one(6, "subresource"),
    one(7, "name"),
)
_OTHER_ATTRIBUTES = message(one(1, "path"), one(2, "verb"))
_ACCESS = (
    one(1, "resourceAttributes", _RESOURCE_ATTRIBUTES),
    one(2, "nonResourceAttributes", _OTHER_ATTRIBUTES),
)
_BOUND_OBJECT = message(one(1, "kind"), one(2, "apiVersion"), one(3, "name"), one(4, "uid"))
_TOKEN_SPEC = message(
    many(1, "audiences"), one(3, "boundObjectRef", _BOUND_OBJECT), one(4, "expirationSeconds", "integer")
)
_LEASE_SPEC = message(
    one(1, "holderIdentity"),
    one(2, "leaseDurationSeconds", "integer"),
    one(3, "acquireTime", "micro-time"),
    one(4, "renewTime", "micro-time"),
    one(5, "leaseTransitions", "integer"),
)
_REQUEST_CONDITION = message(
    one(1, "type"),
    one(2, "reason"),
    one(3, "message"),
    one(4, "lastUpdateTime", "time"),
    one(5, "lastTransitionTime", "time"),
    one(6, "status"),
)
_REQUEST_SPEC = message(
    one(1, "request", "bytes"),
    one(2, "username"),
    one(3, "uid"),
    many(4, "groups"),
    many(5, "usages"),
    by_key(6, "extra", message(many(1, "items"))),
    one(7, "signerName"),
    one(8, "expirationSeconds", "integer"),
)
_REQUEST_STATUS = message(many(1, "conditions", _REQUEST_CONDITION), one(2, "certificate", "bytes"))

_RBAC, _ACCESS_GROUP, _IDENTITY = "rbac.authorization.k8s.io", "authorization.k8s.io", "authentication.k8s.io"

SHAPES: Mapping[GroupVersionKind, Shape] = {
    GroupVersionKind("", "v1", "Namespace"): message(
        _METADATA, one(2, "spec", message(many(1, "finalizers"))), one(3, "status", message(one(1, "phase")))
    ),
    GroupVersionKind("", "v1", "Secret"): message(
        _METADATA,
        by_key(2, "data", "bytes"),
        one(3, "type"),
        by_key(4, "stringData"),
        one(5, "immutable", "boolean"),
    ),
    GroupVersionKind("", "v1", "ConfigMap"): message(
        _METADATA, by_key(2, "data"), by_key(3, "binaryData", "bytes"), one(4, "immutable", "boolean")
    ),
    GroupVersionKind("", "v1", "ServiceAccount"): message(
        _METADATA,
        many(2, "secrets", _OBJECT_REFERENCE),
        many(3, "imagePullSecrets", message(one(1, "name"))),
        one(4, "automountServiceAccountToken", "boolean"),
    ),
    GroupVersionKind(_RBAC, "v1", "Role"): message(_METADATA, many(2, "rules", _RULE)),
    GroupVersionKind(_RBAC, "v1", "ClusterRole"): message(_METADATA, many(2, "rules", _RULE)),
    GroupVersionKind(_RBAC, "v1", "RoleBinding"): _BINDING,
    GroupVersionKind(_RBAC, "v1", "ClusterRoleBinding"): _BINDING,
    GroupVersionKind("coordination.k8s.io", "v1", "Lease"): message(_METADATA, one(2, "spec", _LEASE_SPEC)),
    GroupVersionKind("certificates.k8s.io", "v1", "CertificateSigningRequest"): message(
        _METADATA, one(2, "spec", _REQUEST_SPEC), one(3, "status", _REQUEST_STATUS)
    ),
    GroupVersionKind(_ACCESS_GROUP, "v1", "SelfSubjectAccessReview"): message(
        _METADATA, one(2, "spec", message(*_ACCESS))
    ),
    GroupVersionKind(_ACCESS_GROUP, "v1", "SelfSubjectRulesReview"): message(
        _METADATA, one(2, "spec", message(one(1, "namespace")))
    ),
    GroupVersionKind(_ACCESS_GROUP, "v1", "SubjectAccessReview"): message(
        _METADATA, one(2, "spec", message(*_ACCESS, one(3, "user"), many(4, "groups"), one(6, "uid")))
    ),
    GroupVersionKind(_IDENTITY, "v1", "SelfSubjectReview"): message(_METADATA),
    GroupVersionKind(_IDENTITY, "v1", "TokenReview"): message(
        _METADATA, one(2, "spec", message(one(1, "token"), many(2, "audiences")))
    ),
    GroupVersionKind(_IDENTITY, "v1", "TokenRequest"): message(_METADATA, one(2, "spec", _TOKEN_SPEC)),
}
