"""Judge whether a definition in a group of the Kubernetes community is approved.

Source: pkg/apihelpers/helpers.go and pkg/controller/apiapproval of k8s.io/apiextensions-apiserver.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from kubecapy.apimachinery.field_errors import invalid, required
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.go_text import go_quote
from kubecapy.apimachinery.urls import UrlError, parse_request_uri
from kubecapy.apiserver.crd.types import CONFORMANT, Condition, Definition

APPROVAL_ANNOTATION = "api-approved.kubernetes.io"
_SOURCE = "https://github.com/kubernetes/enhancements/pull/1111"
_PROTECTED = re.compile(r"(?:.*\.)?(?:k8s|kubernetes)\.io")

State = Literal["Approved", "Unapproved", "Missing", "Invalid"]


class Approval(msgspec.Struct, frozen=True):
    """What the annotation says."""

    state: State
    reason: str


def find_approval(definition: Definition) -> Approval | None:
    """Return what the annotation of a definition says; None where its group needs none."""
    if _PROTECTED.fullmatch(definition.spec.group) is None:
        return None
    return _read(definition.annotations)


def check_approval(definition: Definition, old: Definition | None) -> Iterator[FieldError]:
    """Yield what is wrong with the annotation; on an update, where that is new."""
    approval = find_approval(definition)
    if approval is None or (old is not None and _read(old.annotations).state == approval.state):
        return
    path = f"metadata.annotations[{APPROVAL_ANNOTATION}]"
    if approval.state == "Invalid":
        yield invalid(path, definition.annotations[APPROVAL_ANNOTATION], approval.reason)
    if approval.state == "Missing":
        yield required(path, approval.reason)


def approval_condition(definition: Definition) -> Condition | None:
    """Return the condition that tells of the approval; None where the group needs none."""
    approval = find_approval(definition)
    if approval is None:
        return None
    status = "True" if approval.state == "Approved" else "False"
    return Condition(type=CONFORMANT, status=status, reason=f"{approval.state}Annotation", message=approval.reason)


def _read(annotations: Mapping[str, str]) -> Approval:
    text = annotations.get(APPROVAL_ANNOTATION, "")
    demand = f'protected groups must have approval annotation "{APPROVAL_ANNOTATION}"'
    if not text:
        return Approval("Missing", f"{demand}, see {_SOURCE}")
    if text.startswith("unapproved"):
        return Approval("Unapproved", f"not approved: {go_quote(text)}")
    if _is_address(text):
        return Approval("Approved", f"approved in {text}")
    return Approval("Invalid", f'{demand} with either a URL or a reason starting with "unapproved", see {_SOURCE}')


def _is_address(text: str) -> bool:
    try:
        url = parse_request_uri(text)
    except UrlError:
        return False
    return bool(url.host and url.scheme)
