"""Show images as Glance does."""

from http import HTTPStatus

from kubecapy.devcloud.endpoints import Call, Match, Route, RoutingTable
from kubecapy.devcloud.messages import JsonObject, Query, Request, Response, json_response
from kubecapy.devcloud.refusals import Refusal, bad_request, not_found
from kubecapy.devcloud.times import format_time
from kubecapy.devcloud.world.image import Image
from kubecapy.devcloud.world.world import World

VERSIONS = ("v2.17", "v2.16", "v2.15", "v2.9", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1", "v2.0")
DEFAULT_LIMIT = 25
MAX_LIMIT = 1000
# Query names that steer the listing; every other one filters by the image's attribute of that name.
STEERING = frozenset({"limit", "marker", "sort_key", "sort_dir", "sort", "tag", "member_status", "visibility"})


class ImageService:
    """Answers calls below /image."""

    name = "image"
    prefix = "/image"

    def __init__(self, world: World) -> None:
        """Serve the images of `world`."""
        self._world = world
        self.table = RoutingTable(
            [
                Route("GET", "", self._versions, public=True),
                Route("GET", "/versions", self._versions, public=True),
                Route("GET", "/v2/images", self._list),
                Route("GET", "/v2/images/{image_id}", self._show),
                Route("GET", "/v2/schemas/image", self._image_schema),
                Route("GET", "/v2/schemas/images", self._images_schema),
            ]
        )

    def answer(self, match: Match, call: Call) -> Response:
        """Answer a call.

        Raises:
            Refusal: the service says no.
        """
        return match.route.handler(call)

    def render_refusal(self, refusal: Refusal, _request: Request) -> Response:
        """Return Glance's error page: HTML, since Glance leaves its errors to webob."""
        title = f"{refusal.status} {HTTPStatus(refusal.status).phrase}"
        page = (
            f"<html>\n <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n"
            f"  {_escape(refusal.message)}<br /><br />\n </body>\n</html>"
        )
        return Response(refusal.status, (("Content-Type", "text/html; charset=UTF-8"),), page.encode())

    def _versions(self, call: Call) -> Response:
        versions = [
            {
                "id": version,
                "status": "CURRENT" if index == 0 else "SUPPORTED",
                "links": [{"rel": "self", "href": f"{call.base_url}/image/v2/"}],
            }
            for index, version in enumerate(VERSIONS)
        ]
        return json_response(200 if call.request.path.endswith("versions") else 300, {"versions": versions})

    def _list(self, call: Call) -> Response:
        query = call.request.query
        views = [_view(image) for image in self._visible(call) if _fits(image, query)]
        views.sort(key=lambda view: (view["created_at"], view["id"]), reverse=True)  # Glance's own default order
        _sort(views, query)
        limit = _read_limit(query)
        page = _after_marker(views, query.find("marker"))
        document: JsonObject = {
            "images": page[:limit],
            "schema": "/v2/schemas/images",
            "first": "/v2/images",
        }
        if len(page) > limit:
            document["next"] = f"/v2/images?marker={page[limit - 1]['id']}&limit={limit}"
        return json_response(200, document)

    def _show(self, call: Call) -> Response:
        image_id = call.parameters["image_id"]
        for image in self._visible(call):
            if image.id == image_id:
                return json_response(200, _view(image))
        raise not_found(f"No image found with ID {image_id}")

    def _visible(self, call: Call) -> list[Image]:
        return [
            image
            for image in self._world.images.values()
            if image.visibility in {"public", "community"} or call.credentials.owns(image.owner)
        ]

    def _image_schema(self, _call: Call) -> Response:
        return json_response(200, _schema())

    def _images_schema(self, _call: Call) -> Response:
        items = {"images": {"type": "array", "items": _schema()}}
        return json_response(200, {"name": "images", "properties": items})


def _view(image: Image) -> JsonObject:
    moment = format_time(image.created_at)
    return {
        **image.properties,
        "id": image.id,
        "name": image.name,
        "status": image.status,
        "visibility": image.visibility,
        "protected": False,
        "os_hidden": False,
        "owner": image.owner,
        "size": image.size_bytes,
        "virtual_size": None,
        "checksum": image.checksum,
        "container_format": image.container_format,
        "disk_format": image.disk_format,
        "min_disk": image.min_disk_gib,
        "min_ram": image.min_ram_mib,
        "tags": image.tags,
        "created_at": moment,
        "updated_at": moment,
        "file": f"/v2/images/{image.id}/file",
        "self": f"/v2/images/{image.id}",
        "schema": "/v2/schemas/image",
    }


def _fits(image: Image, query: Query) -> bool:
    if any(tag not in image.tags for tag in query.list("tag")):
        return False
    visibility = query.find("visibility")
    if visibility not in {None, "all", image.visibility}:
        return False
    view = _view(image)
    return all(_matches(view.get(name), query.list(name)) for name in query.names() if name not in STEERING)


def _matches(value: object, wanted: tuple[str, ...]) -> bool:
    for text in wanted:
        choices = text.removeprefix("in:").split(",") if text.startswith("in:") else [text]
        if str(value).lower() not in [choice.lower() for choice in choices]:
            return False
    return True


def _sort(views: list[JsonObject], query: Query) -> None:
    pairs = [part.partition(":") for part in (query.find("sort") or "").split(",") if part]
    keys = [(key, direction or "desc") for key, _, direction in pairs]
    keys += [(key, query.find("sort_dir") or "desc") for key in query.list("sort_key")]
    for key, direction in reversed(keys):
        if any(key not in view for view in views):
            raise bad_request(f"Invalid sort key: {key}.")
        views.sort(key=lambda view: str(view[key]), reverse=direction == "desc")


def _read_limit(query: Query) -> int:
    text = query.find("limit")
    if text is None:
        return DEFAULT_LIMIT
    if not text.isdecimal():
        raise bad_request("limit param must be an integer")
    return min(int(text), MAX_LIMIT)


def _after_marker(views: list[JsonObject], marker: str | None) -> list[JsonObject]:
    if marker is None:
        return views
    for index, view in enumerate(views):
        if view["id"] == marker:
            return views[index + 1 :]
    raise bad_request(f"Invalid marker. Image {marker} could not be found.")


def _schema() -> JsonObject:
    text: JsonObject = {"type": "string"}
    number: JsonObject = {"type": ["null", "integer"]}
    names = ("id", "name", "status", "owner", "checksum", "disk_format", "container_format", "visibility")
    return {
        "name": "image",
        "properties": dict.fromkeys(names, text)
        | dict.fromkeys(("size", "virtual_size", "min_disk", "min_ram"), number)
        | {"tags": {"type": "array", "items": text}, "protected": {"type": "boolean"}},
        "additionalProperties": text,
    }


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
