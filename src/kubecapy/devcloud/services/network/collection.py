"""Serve one kind of resource: list, show, create, update, delete, and its tags."""

from collections.abc import Mapping
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import msgspec

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.refusals import Refusal, bad_request, not_found
from kubecapy.devcloud.services.network.attributes import (
    Attribute,
    Unfit,
    policy_refused,
    read_create,
    read_update,
    texts,
    unwrap_create,
)
from kubecapy.devcloud.services.network.listing import filter_views, narrow, page_views
from kubecapy.devcloud.world.network import Resource, revise
from kubecapy.devcloud.world.undo import all_or_nothing
from kubecapy.devcloud.world.world import World

R = TypeVar("R", bound=Resource)
# Limit: neutron/extensions/tagging.py, MAX_TAGS_COUNT.
MAX_TAGS = 50


class Kind(Protocol[R]):
    """What is particular about one kind of resource.

    Attributes:
        singular: Key of one resource in bodies (`security_group`); the list's key adds an `s`.
        path: Segment of the collection (`security-groups`).
        type: Class of the resource; its JSON names may be filtered by.
        derived: Further names in its view that may be filtered by.
        attributes: What bodies may carry, beside the common ones.
        table: The world's table.
    """

    singular: str
    path: str
    type: type[R]
    derived: frozenset[str]
    attributes: Mapping[str, Attribute]
    table: dict[str, R]

    def missing(self, identifier: str, /) -> Refusal:
        """Return the refusal for an id that the caller cannot see."""
        ...

    def can_see(self, resource: R, caller: Credentials, /) -> bool:
        """Return whether the caller may read `resource`."""
        ...

    def view(self, resource: R, caller: Credentials, /) -> JsonObject:
        """Return the JSON of `resource` as the caller may see it."""
        ...

    def create(self, values: JsonObject, caller: Credentials, now: datetime, /) -> R:
        """Make and store a resource out of checked `values`; a refusal leaves nothing."""
        ...

    def update(self, resource: R, values: JsonObject, caller: Credentials, now: datetime, /) -> R:
        """Change, store and return `resource`; a refusal leaves it as it was."""
        ...

    def delete(self, resource: R, caller: Credentials, now: datetime, /) -> None:
        """Remove `resource`."""
        ...


class Collection(Generic[R]):
    """The endpoints of one kind."""

    def __init__(self, kind: Kind[R], world: World) -> None:
        """Serve `kind`, whose resources are in `world`."""
        self._kind = kind
        self._world = world
        names = {field.encode_name for field in msgspec.structs.fields(kind.type)}
        self._filterable = frozenset(names | {"tenant_id"} | kind.derived)

    def routes(self) -> list[Route]:
        """Return the routes of the kind."""
        collection = f"/v2.0/{self._kind.path}"
        one, tags = f"{collection}/{{id}}", f"{collection}/{{id}}/tags"
        return [
            Route("GET", collection, self._list),
            Route("POST", collection, self._create),
            Route("GET", one, self._show),
            Route("PUT", one, self._update),
            Route("DELETE", one, self._delete),
            Route("GET", tags, self._show_tags),
            Route("PUT", tags, self._replace_tags),
            Route("POST", tags, self._merge_tags),
            Route("DELETE", tags, self._remove_tags),
            Route("GET", f"{tags}/{{tag}}", self._check_tag),
            Route("PUT", f"{tags}/{{tag}}", self._add_tag),
            Route("DELETE", f"{tags}/{{tag}}", self._remove_tag),
        ]

    def find(self, call: Call, *, to_change: str = "") -> R:
        """Return the resource that the call names; `to_change` is the verb of a change (`update`).

        Raises:
            Refusal: 404 the caller cannot see it; 403 the caller may not change it; 412 it was changed meanwhile.
        """
        kind, identifier = self._kind, call.parameters["id"]
        resource = kind.table.get(identifier)
        if resource is None or not kind.can_see(resource, call.credentials):
            raise kind.missing(identifier)
        if to_change:
            if not call.credentials.owns(resource.project_id):
                raise policy_refused(f"{to_change}_{kind.singular}")
            _require_revision(resource, call)
        return resource

    def _list(self, call: Call) -> Response:
        kind, query = self._kind, call.request.query
        views = [
            kind.view(resource, call.credentials)
            for resource in kind.table.values()
            if kind.can_see(resource, call.credentials)
        ]
        fitting = filter_views(views, query, self._filterable)
        page, links, unknown_marker = page_views(fitting, query, f"{call.base_url}{call.request.path}")
        if unknown_marker is not None:
            raise kind.missing(unknown_marker)
        document: JsonObject = {f"{kind.singular}s": [narrow(view, query) for view in page]}
        if links:
            document[f"{kind.singular}s_links"] = links
        return json_response(200, document)

    def _show(self, call: Call) -> Response:
        view = self._kind.view(self.find(call), call.credentials)
        return json_response(200, {self._kind.singular: narrow(view, call.request.query)})

    def _create(self, call: Call) -> Response:
        """Make one resource, or all of a list, or none."""
        kind, caller = self._kind, call.credentials
        wishes, is_bulk = unwrap_create(call.body, kind.singular)
        checked = [read_create(wish, kind.singular, kind.attributes, caller) for wish in wishes]
        with all_or_nothing(self._world):
            made = [kind.create(values, caller, call.now) for values in checked]
        views = [kind.view(resource, caller) for resource in made]
        return json_response(201, {f"{kind.singular}s": views} if is_bulk else {kind.singular: views[0]})

    def _update(self, call: Call) -> Response:
        kind = self._kind
        resource = self.find(call, to_change="update")
        values = read_update(call.body, kind.singular, kind.attributes, call.credentials)
        changed = kind.update(resource, values, call.credentials, call.now)
        return json_response(200, {kind.singular: kind.view(changed, call.credentials)})

    def _delete(self, call: Call) -> Response:
        resource = self.find(call, to_change="delete")
        self._kind.delete(resource, call.credentials, call.now)
        return Response(204)

    def _show_tags(self, call: Call) -> Response:
        return json_response(200, {"tags": self.find(call).tags})

    def _replace_tags(self, call: Call) -> Response:
        resource = self.find(call, to_change="update")
        return json_response(200, {"tags": self._tag(resource, _read_tags(call.body), call.now).tags})

    def _merge_tags(self, call: Call) -> Response:
        resource = self.find(call, to_change="update")
        tags = (*resource.tags, *_read_tags(call.body))
        return json_response(201, {"tags": self._tag(resource, tags, call.now).tags})

    def _remove_tags(self, call: Call) -> Response:
        self._tag(self.find(call, to_change="update"), (), call.now)
        return Response(204)

    def _check_tag(self, call: Call) -> Response:
        if call.parameters["tag"] not in self.find(call).tags:
            raise _tag_missing(call)
        return Response(204)

    def _add_tag(self, call: Call) -> Response:
        resource = self.find(call, to_change="update")
        self._tag(resource, (*resource.tags, call.parameters["tag"]), call.now)
        return Response(201)

    def _remove_tag(self, call: Call) -> Response:
        resource, tag = self.find(call, to_change="update"), call.parameters["tag"]
        if tag not in resource.tags:
            raise _tag_missing(call)
        self._tag(resource, tuple(other for other in resource.tags if other != tag), call.now)
        return Response(204)

    def _tag(self, resource: R, tags: tuple[str, ...], now: datetime) -> R:
        unique = tuple(dict.fromkeys(tags))
        if len(unique) > MAX_TAGS:
            plural = f"{self._kind.singular}s"
            raise bad_request(
                f"Bad {plural} request: The number of tags exceed the per-resource limit of {MAX_TAGS}.", "BadRequest"
            )
        changed = revise(resource, now, tags=unique)
        self._kind.table[resource.id] = changed
        return changed


def render(resource: Resource) -> JsonObject:
    """Return the JSON of a resource's own fields, with the old name of its project."""
    view: JsonObject = msgspec.to_builtins(resource)
    view["tenant_id"] = resource.project_id
    return view


def _read_tags(body: JsonObject) -> tuple[str, ...]:
    try:
        return texts(body["tags"])
    except KeyError as error:
        raise bad_request("Invalid input for operation: Invalid tags body.", "InvalidInput") from error
    except Unfit as error:
        raise bad_request(f"Invalid input for operation: {error}.", "InvalidInput") from error


def _require_revision(resource: Resource, call: Call) -> None:
    condition = call.request.headers.get("if-match", "")
    wanted = condition.removeprefix("revision_number=")
    if condition and wanted != str(resource.revision_number):
        raise Refusal(
            412,
            "RevisionNumberConstraintFailed",
            f"Constrained to {wanted}, but current revision is {resource.revision_number}",
        )


def _tag_missing(call: Call) -> Refusal:
    return not_found(f"Tag {call.parameters['tag']} could not be found.", "TagNotFound")
