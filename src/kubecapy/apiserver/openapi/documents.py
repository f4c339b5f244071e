"""Build one OpenAPI document for each group and version, and the index that names their hashes.

Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3.
"""

from kubecapy.apimachinery.json_codec import encode
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.openapi.operations import kind_paths
from kubecapy.apiserver.openapi.schemas import kind_schemas
from kubecapy.apiserver.published import Document, publish
from kubecapy.apiserver.registry.registry import Registry


class OpenApi:
    """OpenAPI documents of a registry, built when asked for and kept for each of its generations."""

    def __init__(self, registry: Registry, version: str) -> None:
        """Describe the kinds of `registry`; `version` is the server's."""
        self._registry = registry
        self._version = version
        self._generation = -1
        self._documents: dict[str, Document] = {}

    def index(self) -> str:
        """Return the list of documents, each with the URL that holds its hash."""
        documents = self._current()
        paths = {
            path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={document.hash}"}
            for path, document in documents.items()
        }
        return encode({"paths": paths}).decode()

    def paths(self) -> list[str]:
        """Return the paths of all documents."""
        return [f"/openapi/v3/{path}" for path in self._current()]

    def find(self, path: str) -> Document | None:
        """Return the document at `path`, such as `apis/apps/v1`; None where nothing is served there."""
        return self._current().get(path)

    def _current(self) -> dict[str, Document]:
        if self._generation != self._registry.generation:
            versions = dict.fromkeys((kind.group, kind.version) for kind in self._registry)
            self._documents = {_path(*version): self._build(*version) for version in versions}
            self._generation = self._registry.generation
        return self._documents

    def _build(self, group: str, version: str) -> Document:
        kinds = [kind for kind in self._registry if (kind.group, kind.version) == (group, version)]
        content: JsonObject = {
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": self._version},
            "paths": kind_paths(kinds),
            "components": {"schemas": kind_schemas(kinds)},
        }
        return publish(content)


def _path(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"
