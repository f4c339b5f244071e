"""Say how roles, bindings, leases, certificate requests and definitions look in a table."""

from datetime import datetime

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read_count, read_objects, read_text
from kubecapy.apiserver.registry.ages import format_duration
from kubecapy.apiserver.registry.columns.general import AGE, CREATED_AT, NONE, at, wide
from kubecapy.apiserver.registry.kinds import Cell, Column


def _role(obj: JsonObject, _now: datetime) -> str:
    return f"{read_text(obj, 'roleRef', 'kind')}/{read_text(obj, 'roleRef', 'name')}"


def _subjects(kind: str) -> Cell:
    def cell(obj: JsonObject, _now: datetime) -> str:
        found = [subject for subject in read_objects(obj, "subjects") if subject.get("kind") == kind]
        return ", ".join(_subject(subject) for subject in found)

    return cell


def _subject(subject: JsonObject) -> str:
    namespace = f"{subject['namespace']}/" if subject.get("namespace") else ""
    return f"{namespace}{subject.get('name', '')}"


def _requested_duration(obj: JsonObject, _now: datetime) -> str:
    seconds = read_count(obj, "spec", "expirationSeconds")
    return format_duration(seconds) if seconds else NONE


def _request_condition(obj: JsonObject, _now: datetime) -> str:
    types = [str(item.get("type")) for item in read_objects(obj, "status", "conditions")]
    words = types or ["Pending"]
    if read_text(obj, "status", "certificate"):
        words.append("Issued")
    return ",".join(words)


LEASES = (Column("Holder", at("spec", "holderIdentity"), "Who holds the lease."), AGE)
ROLES = (CREATED_AT,)
BINDINGS = (
    Column("Role", _role, "The role that is granted."),
    AGE,
    wide("Users", _subjects("User")),
    wide("Groups", _subjects("Group")),
    wide("ServiceAccounts", _subjects("ServiceAccount")),
)
CERTIFICATE_SIGNING_REQUESTS = (
    AGE,
    Column("SignerName", at("spec", "signerName"), "Who is asked to sign."),
    Column("Requestor", at("spec", "username"), "Who asks."),
    Column("RequestedDuration", _requested_duration, "How long the certificate is to be valid."),
    Column("Condition", _request_condition, "Pending, Approved, Denied or Failed, and whether it is issued."),
)
CUSTOM_RESOURCE_DEFINITIONS = (CREATED_AT,)
