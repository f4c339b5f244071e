"""Certificate signing requests: what may be asked for."""

from typing import Any

from tests.conformance.comparing import invalid, told
from tests.raw_api import Api

REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
SIGNER = "spec.signerName"
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

    kind = "CertificateSigningRequest.certificates.k8s.io"
    assert found == {case: invalid(kind, "a", *causes) for case, (_, causes) in WRONG.items()}
