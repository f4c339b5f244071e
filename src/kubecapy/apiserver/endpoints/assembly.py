"""Put the endpoints of one server together."""

from random import Random

from aiohttp import web

from kubecapy.apiserver.core import ServerCore
from kubecapy.apiserver.endpoints.delete import DeleteEndpoint
from kubecapy.apiserver.endpoints.dispatch import Dispatcher, Endpoints, Guards
from kubecapy.apiserver.endpoints.health import HealthEndpoint
from kubecapy.apiserver.endpoints.plain import PlainEndpoint
from kubecapy.apiserver.endpoints.read import ReadEndpoint
from kubecapy.apiserver.endpoints.request_figures import RequestFigures
from kubecapy.apiserver.endpoints.scale import ScaleEndpoint
from kubecapy.apiserver.endpoints.watch import WatchEndpoint
from kubecapy.apiserver.endpoints.write import WriteEndpoint
from kubecapy.apiserver.interfaces import Extensions
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.clock import Clock


def make_dispatcher(
    core: ServerCore,
    guards: Guards,
    extensions: Extensions,
    settings: ApiServerSettings,
    clock: Clock,
    random: Random,
) -> Dispatcher:
    """Return what serves requests for the objects of `core`, as far as `guards` let them pass."""
    registry = core.registry
    health = HealthEndpoint({"etcd": core.store.find_failure})
    figures = RequestFigures(clock)

    def show_metrics(_request: web.BaseRequest) -> web.Response:
        # Heavy, and nobody reads figures first: a server's start does not wait for it.
        from kubecapy.apiserver.endpoints.metrics import metrics_response

        return metrics_response(figures, core.store, registry)

    write = WriteEndpoint(core.store, core.writing, extensions.admissions)
    endpoints = Endpoints(
        plain=PlainEndpoint(registry, health, show_metrics, clock, settings.git_version),
        read=ReadEndpoint(core.store),
        watch=WatchEndpoint(core.store, settings.watch, clock, random),
        write=write,
        delete=DeleteEndpoint(core.store, core.deleting),
        scale=ScaleEndpoint(write),
    )
    return Dispatcher(registry, guards, extensions.handlers, endpoints, figures, clock)
