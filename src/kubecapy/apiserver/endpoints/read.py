"""Answer get and list."""

from aiohttp import web

from kubecapy.apimachinery.errors import not_found
from kubecapy.apiserver.endpoints.call import Call
from kubecapy.apiserver.endpoints.parameters import read_list_options, read_revision
from kubecapy.apiserver.endpoints.responses import json_response
from kubecapy.apiserver.operations.listing import list_page
from kubecapy.apiserver.operations.selection import Selection, parse_selection
from kubecapy.apiserver.operations.waiting import too_large_revision
from kubecapy.apiserver.storage.store import Store


class ReadEndpoint:
    """Reads visible objects of a store."""

    def __init__(self, store: Store) -> None:
        """Read from `store`."""
        self._store = store

    def get(self, call: Call) -> web.Response:
        """Answer with one object; NotFound where it is absent."""
        renderer = call.renderer()
        revision = read_revision(call.request.query) or 0
        if revision > self._store.revision:
            raise too_large_revision(revision, self._store.revision)
        record = self._store.collection(call.kind.resource).get(call.key)
        if record is None:
            raise not_found(call.kind.qualified_plural, call.key.name)
        return json_response(renderer.render_one(record))

    def list(self, call: Call) -> web.Response:
        """Answer with one page of the selected objects."""
        renderer = call.renderer()
        page = list_page(self._store, selection_of(call), read_list_options(call.request.query))
        return json_response(renderer.render_page(page))


def selection_of(call: Call) -> Selection:
    """Return which objects a request for a collection is about.

    Raises:
        BadRequest: a selector is wrong.
    """
    query = call.request.query
    fields = query.get("fieldSelector", "")
    if call.target.name:
        # A watch of one object, by a path of the old form.
        fields = f"metadata.name={call.target.name}"
    return parse_selection(call.kind, call.target.namespace, query.get("labelSelector", ""), fields)
