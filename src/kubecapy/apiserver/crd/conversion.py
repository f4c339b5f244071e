"""Check how a definition has its objects converted between versions.

Source: validateCustomResourceConversion in pkg/apis/apiextensions/validation/validation.go of
k8s.io/apiextensions-apiserver, and k8s.io/apiserver/pkg/util/webhook.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence

from cryptography import x509

from kubecapy.apimachinery.field_errors import forbidden, invalid, not_supported, required
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.go_text import go_quote
from kubecapy.apimachinery.names import validate_dns1035_label, validate_name
from kubecapy.apimachinery.urls import Url, UrlError, parse_url
from kubecapy.apiserver.crd.types import Conversion, ServiceReference, WebhookClientConfig

_PATH = "spec.conversion"
_STRATEGIES = ("None", "Webhook")
_REVIEW_VERSIONS = ("v1", "v1beta1")
_URL_FORM = "; desired format: https://host[/path]"


def check_conversion(conversion: Conversion | None, *, is_established: bool) -> Iterator[FieldError]:
    """Yield what is wrong with a conversion."""
    if conversion is None:
        return
    if not conversion.strategy:
        yield required(f"{_PATH}.strategy")
    elif conversion.strategy not in _STRATEGIES:
        yield not_supported(f"{_PATH}.strategy", conversion.strategy, _STRATEGIES)
    webhook = conversion.webhook
    config = webhook.client_config if webhook is not None else None
    versions = (webhook.conversion_review_versions if webhook is not None else None) or ()
    if conversion.strategy == "Webhook":
        yield from _check_config(config, is_established=is_established)
        yield from _check_review_versions(versions)
        return
    detail = "should not be set when strategy is not set to Webhook"
    if config is not None:
        yield forbidden(f"{_PATH}.webhookClientConfig", detail)
    if versions:
        yield forbidden(f"{_PATH}.conversionReviewVersions", detail)


def is_authority_bundle(encoded: str) -> bool:
    """Return whether the base64 text `encoded` holds certificates in PEM."""
    try:
        x509.load_pem_x509_certificates(base64.b64decode(encoded, validate=True))
    except (ValueError, binascii.Error):
        return False
    return True


def _check_config(config: WebhookClientConfig | None, *, is_established: bool) -> Iterator[FieldError]:
    path = f"{_PATH}.webhookClientConfig"
    if config is None:
        yield required(path, "required when strategy is set to Webhook")
        return
    if (config.url is None) == (config.service is None):
        yield required(path, "exactly one of url or service is required")
    elif config.url is not None:
        yield from _check_url(config.url, f"{path}.url")
    elif config.service is not None:
        yield from _check_service(config.service, f"{path}.service")
    if config.ca_bundle and is_established and not is_authority_bundle(config.ca_bundle):
        detail = (
            "unable to load root certificates: unable to parse bytes as PEM block: unable to parse bytes as PEM block"
        )
        yield invalid(f"{path}.caBundle", config.ca_bundle, detail)


def _check_url(text: str, path: str) -> Iterator[FieldError]:
    try:
        url = parse_url(text)
    except UrlError as error:
        yield required(path, f"url must be a valid URL: parse {go_quote(text)}: {error}{_URL_FORM}")
        return
    yield from _check_url_parts(url, path)


def _check_url_parts(url: Url, path: str) -> Iterator[FieldError]:
    if url.scheme != "https":
        yield invalid(path, url.scheme, f"'https' is the only allowed URL scheme{_URL_FORM}")
    if not url.host:
        yield invalid(path, url.host, f"host must be specified{_URL_FORM}")
    if url.user is not None:
        yield invalid(path, url.user, "user information is not permitted in the URL")
    if url.fragment:
        yield invalid(path, url.fragment, "fragments are not permitted in the URL")
    if url.query:
        yield invalid(path, url.query, "query parameters are not permitted in the URL")


def _check_service(service: ServiceReference, path: str) -> Iterator[FieldError]:
    # The API server takes the one for the other.
    if not service.namespace:
        yield required(f"{path}.name")
    if not service.name:
        yield required(f"{path}.namespace")
    if service.port is not None and not 1 <= service.port <= 65535:
        yield invalid(f"{path}.port", service.port, "port is not valid: must be between 1 and 65535, inclusive")
    if service.path is not None:
        yield from _check_service_path(service.path, f"{path}.path")


def _check_service_path(text: str, path: str) -> Iterator[FieldError]:
    if text in ("", "/"):
        return
    if not text.startswith("/"):
        yield invalid(path, text, "must start with a '/'")
    steps = text[1:].removesuffix("/").split("/")
    for index, step in enumerate(steps):
        if not step:
            yield invalid(path, text, f"segment[{index}] may not be empty")
        elif wrong := validate_name(step, "subdomain"):
            yield invalid(path, text, f"segment[{index}]: {wrong}")


def _check_review_versions(versions: Sequence[str]) -> Iterator[FieldError]:
    path = f"{_PATH}.conversionReviewVersions"
    if not versions:
        yield required(path)
        return
    for index, version in enumerate(versions):
        if version in versions[:index]:
            yield invalid(f"{path}[{index}]", version, "duplicate version")
        elif wrong := validate_dns1035_label(version):
            yield invalid(f"{path}[{index}]", version, wrong)
    if not set(versions) & set(_REVIEW_VERSIONS):
        yield invalid(path, list(versions), f"must include at least one of {', '.join(_REVIEW_VERSIONS)}")
