"""Write Events: they lie where what they are about lies, and those of the new form say who tells of what.

Source: pkg/apis/core/validation/events.go (legacyValidateEvent), v1.36.
"""

from collections.abc import Iterator

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import qualified_name_errors
from kubecapy.apiserver.registry.access import read_text
from kubecapy.apiserver.registry.kinds import Strategy
from kubecapy.apiserver.registry.strategies.errors import invalid, required

_MOST_CHARACTERS = {"reportingInstance": 128, "action": 128, "reason": 128, "message": 1024}
_NEEDED = ("reportingInstance", "action", "reason")


def _validate(event: JsonObject, _old: JsonObject | None) -> list[FieldError]:
    if event.get("eventTime") is None:
        return list(_place_errors(event, ("default",), is_strict=True))
    # What has an eventTime is of the new form (events.k8s.io).
    return [*_place_errors(event, ("default", "kube-system"), is_strict=False), *_form_errors(event)]


def _place_errors(event: JsonObject, of_the_cluster: tuple[str, ...], *, is_strict: bool) -> Iterator[FieldError]:
    """Yield that an event lies elsewhere than its object; those of the cluster's own lie in `of_the_cluster`."""
    own = read_text(event, "metadata", "namespace")
    about = read_text(event, "involvedObject", "namespace")
    is_wrong = own not in of_the_cluster if not about else is_strict and about != own
    if is_wrong:
        yield invalid("involvedObject.namespace", about, "does not match event.namespace")


def _form_errors(event: JsonObject) -> Iterator[FieldError]:
    teller = read_text(event, "reportingComponent")
    if not teller:
        yield required("reportingComponent")
    yield from (invalid("reportingComponent", teller, wrong) for wrong in qualified_name_errors(teller))
    for name, limit in _MOST_CHARACTERS.items():
        text = read_text(event, name)
        if not text and name in _NEEDED:
            yield required(name)
        if len(text.encode()) > limit:
            yield invalid(name, "", f"can have at most {limit} characters")


EVENTS = Strategy(creates_on_update=True, has_dependents=False, validate=_validate)
