"""List the kinds that are created for an answer and never stored."""

from collections.abc import Iterable

from kubecapy.apiserver.registry.kinds import ServedKind


def review_kinds() -> Iterable[ServedKind]:
    """Yield the reviews of authentication and authorization."""
    yield _review("authentication.k8s.io", "TokenReview", "tokenreviews")
    yield _review("authentication.k8s.io", "SelfSubjectReview", "selfsubjectreviews")
    yield _review("authorization.k8s.io", "SelfSubjectAccessReview", "selfsubjectaccessreviews")
    yield _review("authorization.k8s.io", "SelfSubjectRulesReview", "selfsubjectrulesreviews")
    yield _review("authorization.k8s.io", "SubjectAccessReview", "subjectaccessreviews")
    yield _review("authorization.k8s.io", "LocalSubjectAccessReview", "localsubjectaccessreviews", namespaced=True)


def _review(group: str, kind: str, plural: str, *, namespaced: bool = False) -> ServedKind:
    return ServedKind(
        group=group,
        version="v1",
        kind=kind,
        plural=plural,
        singular=kind.lower(),
        namespaced=namespaced,
        verbs=("create",),
        is_virtual=True,
        description=f"{kind} asks the server what it thinks of a request or a token.",
    )
