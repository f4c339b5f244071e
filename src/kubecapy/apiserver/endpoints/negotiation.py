"""Choose the form of a reply from the Accept header.

Two filters, as in kube-apiserver. Routes of built-in resources take a header that names one of their media types or
`*/*`, by exact text (go-restful); custom resources have no such routes. What passes is tried entry by entry, by
quality first: the entry must name a media type that is served, and ask for a shape that the endpoint has.
Sources: k8s.io/apiserver pkg/endpoints/handlers/negotiation; github.com/emicklei/go-restful, route.go;
https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from kubecapy.apimachinery.errors import NotAcceptable, StatusDetails
from kubecapy.apimachinery.resources import GroupVersionKind

Shape = Literal["object", "table", "metadata"]
Media = Literal["application/json", "application/yaml"]

JSON: Media = "application/json"
YAML: Media = "application/yaml"
SERVED: tuple[Media, ...] = (JSON, YAML)
"""What every reply but a watch can be written in."""
STREAMED = "application/json;stream=watch"
"""What a watch can be written in."""
OBJECT_KINDS = tuple(
    GroupVersionKind("meta.k8s.io", version, kind)
    for version in ("v1", "v1beta1")
    for kind in ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")
)
"""What objects and their lists can be shown as."""


class MediaRange(msgspec.Struct, frozen=True):
    """One entry of an Accept header."""

    type: str
    parameters: Mapping[str, str]

    @property
    def quality(self) -> float:
        """How much the client likes it, from 0 to 1."""
        try:
            return float(self.parameters.get("q", 1))
        except ValueError:
            return 1.0

    def accepts(self, media: str) -> bool:
        """Return whether `media` lies in the range."""
        return self.type in (media, "*/*") or self.type == f"{media.partition('/')[0]}/*"


class Form(msgspec.Struct, frozen=True):
    """How a reply is written."""

    media: Media = JSON
    kind: GroupVersionKind | None = None
    """What is to be shown instead of what is there, such as a Table; None for what is there."""

    @property
    def shape(self) -> Shape:
        """The shape of the objects in it."""
        if self.kind is None:
            return "object"
        return "table" if self.kind.kind == "Table" else "metadata"


PLAIN_JSON = Form()


def parse_accept(header: str) -> Sequence[MediaRange]:
    """Return the entries of `header`, the best liked first, in its order where several are liked alike."""
    return sorted(_entries(header), key=lambda entry: -entry.quality)


def choose_form(header: str | None, kinds: Collection[GroupVersionKind] = ()) -> Form:
    """Return the form that `header` asks for first among those that are served; JSON without one.

    Args:
        header: The Accept header.
        kinds: What can be shown instead of what is there.

    Raises:
        NotAcceptable: nothing that is asked for is served.
    """
    if not header or header in ("*/*", "application/json"):
        return PLAIN_JSON
    for accepted in parse_accept(header):
        for media in SERVED:
            if accepted.accepts(media) and (form := _form(media, accepted, kinds)) is not None:
                return form
    raise not_acceptable(SERVED)


def wants_yaml(header: str | None) -> bool:
    """Return whether `header` likes YAML better than JSON, whatever else it asks for."""
    if not header or "yaml" not in header:
        return False
    media = (media for accepted in parse_accept(header) for media in SERVED if accepted.accepts(media))
    return next(media, JSON) == YAML


def check_route(header: str | None, produced: Sequence[str] = SERVED) -> None:
    """Check that `header` names one of the media types that a path produces.

    Raises:
        NotAcceptable: it names none of them.
    """
    if not header or header in ("*/*", JSON):
        return
    named = {entry.partition(";")[0].strip() for entry in header.split(",")}
    if not named & {"*/*", *produced}:
        listed = ", ".join(produced)
        message = f"406: Not Acceptable\n\nAvailable representations: {listed}"
        raise NotAcceptable(message, details=StatusDetails())


def not_acceptable(served: Sequence[str]) -> NotAcceptable:
    """Return the refusal that names what is served."""
    return NotAcceptable(f"only the following media types are accepted: {', '.join(served)}")


def _entries(header: str) -> Iterator[MediaRange]:
    for entry in header.split(","):
        type_, *parameters = entry.split(";")
        pairs = (parameter.partition("=") for parameter in parameters)
        if type_.strip():
            yield MediaRange(
                type_.strip().lower(), {name.strip(): value.strip().strip('"') for name, _, value in pairs}
            )


def _form(media: Media, accepted: MediaRange, kinds: Collection[GroupVersionKind]) -> Form | None:
    """Return the form of one entry; None where it asks for what is not there."""
    parameters = accepted.parameters
    if parameters.get("stream", "watch") != "watch" or parameters.get("sv"):
        return None
    if not {"as", "g", "v"} & parameters.keys():
        return Form(media)
    kind = GroupVersionKind(parameters.get("g", ""), parameters.get("v", ""), parameters.get("as", ""))
    return Form(media, kind) if kind in kinds else None
