"""Check what certificate signing requests ask for; once asked it never changes.

Sources: pkg/apis/certificates/validation and pkg/apis/core/validation (ValidateSignerName) of Kubernetes, v1.36.
"""

import base64
from collections.abc import Iterator
from typing import Final

from cryptography import x509

from kubecapy.apimachinery.field_errors import duplicate
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import NameRule, name_errors
from kubecapy.apiserver.registry.access import read, read_list, read_object, read_text
from kubecapy.apiserver.registry.kinds import Strategy
from kubecapy.apiserver.registry.strategies.errors import invalid, not_supported, required

_LEAST_SECONDS: Final = 600
_PEM_BEGIN: Final = b"-----BEGIN CERTIFICATE REQUEST-----"
_USAGES: Final = (
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
)


def parse_request(text: str) -> x509.CertificateSigningRequest:
    """Return the PKCS#10 request that `text`, base64 of PEM, holds.

    Raises:
        ValueError: it holds none, or its signature is wrong; the message says which.
    """
    pem = base64.b64decode(text)
    if _PEM_BEGIN not in pem:
        raise ValueError("PEM block type must be CERTIFICATE REQUEST")
    request = x509.load_pem_x509_csr(pem)
    if not request.is_signature_valid:
        raise ValueError("the signature of the request is not valid")
    return request


def _validate(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    return [] if old is not None else list(_errors(read_object(obj, "spec")))


def _errors(spec: JsonObject) -> Iterator[FieldError]:
    try:
        parse_request(read_text(spec, "request"))
    except ValueError as error:
        yield invalid("spec.request", spec.get("request"), str(error))
    yield from _usage_errors(read_list(spec, "usages"))
    yield from _signer_errors(read_text(spec, "signerName"))
    seconds = read(spec, "expirationSeconds")
    if seconds is not None and seconds < _LEAST_SECONDS:
        detail = "may not specify a duration less than 600 seconds (10 minutes)"
        yield invalid("spec.expirationSeconds", seconds, detail)


def _usage_errors(usages: list[str]) -> Iterator[FieldError]:
    if not usages:
        yield required("spec.usages")
    for index, usage in enumerate(usages):
        if usage not in _USAGES:
            yield not_supported(f"spec.usages[{index}]", usage, _USAGES)
    for index, usage in enumerate(usages):
        if usage in usages[:index]:
            yield duplicate(f"spec.usages[{index}]", usage)


def _signer_errors(signer: str) -> Iterator[FieldError]:
    if not signer:
        yield required("spec.signerName")
        return
    domain, *paths = signer.split("/")
    if len(paths) != 1:
        detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        yield invalid("spec.signerName", signer, detail)
        return
    labels = domain.split(".")
    yield from _part_errors(domain, labels, "label")
    if len(labels) == 1:
        yield invalid("spec.signerName", domain, "should be a domain with at least two segments separated by dots")
    yield from _part_errors(paths[0], paths[0].split("."), "subdomain")


def _part_errors(part: str, labels: list[str], rule: NameRule) -> Iterator[FieldError]:
    """Yield what is wrong with the first wrong label of one half of a signer's name."""
    for label in labels:
        wrong = name_errors(label, rule)
        if wrong:
            yield from (invalid("spec.signerName", part, f'validating label "{label}": {text}') for text in wrong)
            return


CERTIFICATE_REQUESTS = Strategy(has_status=True, name_rule="path-segment", validate=_validate)
