"""Careless changes of who may do what: each makes a server that answers wrongly, though it serves."""

from collections.abc import Mapping
from typing import Any

from tests.conformance.defects.defect import Defect

from kubecapy.apiserver.authorization.authorizer import MASTERS
from kubecapy.apiserver.interfaces import UserInfo
from kubecapy.apiserver.subresources.access_reviews import AccessReviews


def _allow_what_is_asked() -> None:
    """Judge every review as if an administrator were meant; clients offer people what the server will refuse."""
    whole = AccessReviews._answer

    def answer(self: AccessReviews, kind: str, metadata: Any, spec: Any, user: UserInfo) -> Any:
        return whole(self, kind, metadata, spec, UserInfo(name=user.name, groups=(MASTERS,)))

    AccessReviews._answer = answer  # type: ignore[method-assign]


REVIEWS: Mapping[str, Defect] = {
    "a-review-that-always-allows": Defect(_allow_what_is_asked, "test_reviews.py"),
}
