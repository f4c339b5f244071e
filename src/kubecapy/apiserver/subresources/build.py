"""List the handlers and admissions that the core serves beside plain objects."""

from random import Random

from kubecapy.apiserver.admission.certificate_requests import CertificateRequestAdmission
from kubecapy.apiserver.admission.kubelets import KubeletAdmission
from kubecapy.apiserver.admission.role_grants import BindingAdmission, RoleAdmission
from kubecapy.apiserver.authentication import Authenticator
from kubecapy.apiserver.authorization import Authorizer
from kubecapy.apiserver.interfaces import Admission, Extensions, Handler, HandlerKey, ObjectReader, ObjectWriter
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.apiserver.subresources.access_reviews import AccessReviews
from kubecapy.apiserver.subresources.approvals import Approvals
from kubecapy.apiserver.subresources.identity_reviews import IdentityReviews
from kubecapy.apiserver.subresources.pod_logs import PodLogs
from kubecapy.apiserver.subresources.token_requests import TokenRequests
from kubecapy.clock import Clock

_AUTHENTICATION = "authentication.k8s.io"
_AUTHORIZATION = "authorization.k8s.io"
_CERTIFICATES = "certificates.k8s.io"
_RBAC = "rbac.authorization.k8s.io"


def build(
    settings: ApiServerSettings,
    reader: ObjectReader,
    writer: ObjectWriter,
    authenticator: Authenticator,
    authorizer: Authorizer,
    clock: Clock,
    random: Random,
) -> Extensions:
    """Return what the core adds to its endpoints."""
    access = AccessReviews(authorizer)
    identity = IdentityReviews(authenticator, settings.service_account_audience, clock)
    logs = PodLogs(settings, reader)
    handlers: dict[HandlerKey, Handler] = {
        ("", "pods", "log"): logs.serve,
        ("", "serviceaccounts", "token"): TokenRequests(settings, reader, clock, random).serve,
        (_CERTIFICATES, "certificatesigningrequests", "approval"): Approvals(reader, writer, authorizer, clock).serve,
        (_AUTHORIZATION, "selfsubjectaccessreviews", ""): access.review_self,
        (_AUTHORIZATION, "selfsubjectrulesreviews", ""): access.review_own_rules,
        (_AUTHORIZATION, "subjectaccessreviews", ""): access.review_subject,
        (_AUTHORIZATION, "localsubjectaccessreviews", ""): access.review_subject_locally,
        (_AUTHENTICATION, "selfsubjectreviews", ""): identity.review_self,
        (_AUTHENTICATION, "tokenreviews", ""): identity.review_token,
    }
    kubelets = KubeletAdmission(reader)
    admissions: dict[tuple[str, str], Admission] = {
        ("", "nodes"): kubelets,
        ("", "pods"): kubelets,
        ("coordination.k8s.io", "leases"): kubelets,
        (_CERTIFICATES, "certificatesigningrequests"): CertificateRequestAdmission(authorizer),
        (_RBAC, "roles"): RoleAdmission(authorizer),
        (_RBAC, "clusterroles"): RoleAdmission(authorizer),
        (_RBAC, "rolebindings"): BindingAdmission(authorizer),
        (_RBAC, "clusterrolebindings"): BindingAdmission(authorizer),
    }
    return Extensions(handlers=handlers, admissions=admissions, end_streams=logs.end_streams)
