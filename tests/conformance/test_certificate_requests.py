"""Certificate signing requests: what may be asked for, and what only who decides may say of them."""

from typing import Any

from tests.apiserver.right_objects import make_request
from tests.conformance.comparing import invalid, told
from tests.conformance.statuses import failure
from tests.raw_api import Api

REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
KIND = "CertificateSigningRequest.certificates.k8s.io"
SIGNER = "spec.signerName"
MERGE = "application/merge-patch+json"
WRONG: dict[str, tuple[Any, list[tuple[str, str, str]]]] = {
    "nothing": (
        None,
        [
            ("spec.request", "Invalid", "Invalid value: null: PEM block type must be CERTIFICATE REQUEST"),
            ("spec.usages", "Required", "Required value"),
            (SIGNER, "Required", "Required value"),
        ],
    ),
    "a signer without a domain": (
        {"request": "eA==", "usages": ["any", "any"], "signerName": "x", "expirationSeconds": 5},
        [
            ("spec.request", "Invalid", 'Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST'),
            ("spec.usages[1]", "Duplicate", 'Duplicate value: "any"'),
            (
                SIGNER,
                "Invalid",
                "Invalid value: \"x\": must be a fully qualified domain and path of the form 'example.com/signer-name'",
            ),
            (
                "spec.expirationSeconds",
                "Invalid",
                "Invalid value: 5: may not specify a duration less than 600 seconds (10 minutes)",
            ),
        ],
    ),
    "a short domain": (
        {"request": "eA==", "usages": ["any"], "signerName": "x/y"},
        [
            ("spec.request", "Invalid", 'Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST'),
            (SIGNER, "Invalid", 'Invalid value: "x": should be a domain with at least two segments separated by dots'),
        ],
    ),
}


async def test_what_no_signer_could_sign_is_refused(api: Api) -> None:
    found = {
        case: told(await api("POST", REQUESTS, {"metadata": {"name": "a"}, "spec": spec}))
        for case, (spec, _) in WRONG.items()
    }

    assert found == {case: invalid(KIND, "a", *causes) for case, (_, causes) in WRONG.items()}


async def test_who_signs_does_not_decide(api: Api, namespace: str) -> None:
    path = f"{REQUESTS}/{namespace}"
    spec = {"request": make_request(), "usages": ["client auth"], "signerName": "example.com/signer"}
    await api.create(REQUESTS, {"metadata": {"name": namespace}, "spec": spec})
    approved = {"status": {"conditions": [{"type": "Approved", "status": "True"}]}}

    async def refused(status: Any) -> Any:
        return told(await api("PATCH", f"{path}/status", status, type_=MERGE))

    def forbidden(why: str) -> Any:
        return invalid(KIND, namespace, ("status.conditions", "Forbidden", f"Forbidden: updates may not {why}"))

    early = await refused(approved)
    decided = await api.merge(f"{path}/approval", approved)
    taken_back = await api("PATCH", f"{path}/approval", {"status": None}, type_=MERGE)
    both = {"status": {"conditions": [{"type": type_, "status": "True"} for type_ in ("Approved", "Denied")]}}
    undecided = await api("PATCH", f"{path}/approval", both, type_=MERGE)
    late = await refused({"status": None})
    no_certificate = await refused({"status": {"certificate": "eA=="}})
    await api.delete(path)

    assert early == forbidden('add a condition of type "Approved"')
    assert [condition["type"] for condition in decided["status"]["conditions"]] == ["Approved"]
    assert told(taken_back) == forbidden('remove a condition of type "Approved"')
    exclusive = 'Invalid value: "Denied": Approved and Denied conditions are mutually exclusive'
    assert told(undecided) == invalid(KIND, namespace, ("status.conditions", "Invalid", exclusive))
    assert late == forbidden('remove a condition of type "Approved"')
    why = 'Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block'
    assert no_certificate == invalid(KIND, namespace, ("status.certificate", "Invalid", why))


async def test_administrators_are_not_made_by_a_request(api: Api) -> None:
    signer = "kubernetes.io/kube-apiserver-client"
    spec = {"request": make_request("system:masters"), "usages": ["client auth"], "signerName": signer}

    reply = await api("POST", REQUESTS, {"metadata": {"name": "a"}, "spec": spec})

    resource = "certificatesigningrequests.certificates.k8s.io"
    why = f"use of {signer} signer with system:masters group is not allowed"
    details = {"name": "a", "group": "certificates.k8s.io", "kind": "certificatesigningrequests"}
    assert told(reply) == failure(403, "Forbidden", f'{resource} "a" is forbidden: {why}', details)
