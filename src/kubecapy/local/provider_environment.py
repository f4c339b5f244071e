"""Give controllers in this process the environment that their Deployment would give them in a pod.

The Deployment of the provider says by which variables and files it finds its credentials; it is planned as a pod of
this machine, and its files are written to a private folder. Nothing of the person's own environment gets in.
"""

import sys
from base64 import b64decode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kubecapy.api.apps import DEPLOYMENTS
from kubecapy.api.core import CONFIG_MAPS, SECRETS
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Reader
from kubecapy.local.pods import PlanError, PodPlace, PodSources, components_images, plan_pod
from kubecapy.local.private_files import make_private_folder, write_private

PROVIDER_FLAG = "--provider="


class ProviderEnvironment(msgspec.Struct, frozen=True):
    """What a provider's controllers run with."""

    provider: str
    """Name of the provider, from the Deployment's `--provider=` argument."""
    variables: Mapping[str, str]


class ProviderEnvironmentError(Exception):
    """The components do not say how the provider is run; the message says what is missing."""


def resolve_provider_environment(components: Sequence[JsonObject], folder: Path) -> ProviderEnvironment:
    """Return the environment of the provider's container, with the files of its volumes written below `folder`.

    `components` holds the Deployment and what it refers to, as manifests or as a server holds them.

    Raises:
        ProviderEnvironmentError: no Deployment runs a provider, or it refers to something that is not there.
    """
    deployment, place = _find_container(components)
    namespace = deployment["metadata"]["namespace"]
    template = deployment["spec"]["template"]
    pod = {**template, "metadata": {**template.get("metadata", {}), "namespace": namespace}}
    here = PodPlace(folder, api_host="", api_port=0, pod_ip="", host_ip="")
    try:
        plan = plan_pod(pod, _sources(components, namespace), here, components_images(sys.executable))
    except PlanError as error:
        name = deployment["metadata"]["name"]
        raise ProviderEnvironmentError(f"Deployment {namespace}/{name} of the provider components: {error}") from error
    make_private_folder(folder)
    for planned in plan.folders:
        make_private_folder(planned)
    for file in plan.files:
        write_private(file.path, file.content)
    container = plan.containers[place]
    return ProviderEnvironment(_provider_of(template["spec"]["containers"][place]), container.environment)


async def read_provider_environment(reader: Reader, folder: Path) -> ProviderEnvironment:
    """Return what the components of a management cluster say, as `resolve_provider_environment` does."""
    components: list[JsonObject] = []
    resources: tuple[Resource[Any], ...] = (DEPLOYMENTS, SECRETS, CONFIG_MAPS)
    for resource in resources:
        raw: Resource[JsonObject] = msgspec.structs.replace(resource, type=dict)
        listed = (await reader.list(raw)).items
        components.extend({"apiVersion": raw.api_version, "kind": raw.kind, **obj} for obj in listed)
    return resolve_provider_environment(components, folder)


def _find_container(components: Sequence[JsonObject]) -> tuple[JsonObject, int]:
    """Return the Deployment that runs a provider, and the place of its container in the pod."""
    for obj in components:
        if obj["kind"] == "Deployment":
            for place, container in enumerate(obj["spec"]["template"]["spec"]["containers"]):
                if _provider_of(container):
                    return obj, place
    raise ProviderEnvironmentError(
        f"no Deployment of the provider components runs a provider: expected an argument {PROVIDER_FLAG}NAME"
    )


def _provider_of(container: JsonObject) -> str:
    arguments: Sequence[str] = container.get("args") or ()
    found = (word.removeprefix(PROVIDER_FLAG) for word in arguments if word.startswith(PROVIDER_FLAG))
    return next(found, "")


def _sources(components: Sequence[JsonObject], namespace: str) -> PodSources:
    """Return the Secrets and ConfigMaps of `namespace`, decoded."""
    local = [obj for obj in components if obj["metadata"].get("namespace") == namespace]
    return PodSources(
        secrets={obj["metadata"]["name"]: _secret_data(obj) for obj in local if obj["kind"] == "Secret"},
        config_maps={obj["metadata"]["name"]: _texts(obj, "data") for obj in local if obj["kind"] == "ConfigMap"},
    )


def _secret_data(secret: JsonObject) -> Mapping[str, bytes]:
    """Return the data of a Secret; a manifest may give it as plain text, which wins."""
    encoded = secret.get("data") or {}
    return {**{key: b64decode(value) for key, value in encoded.items()}, **_texts(secret, "stringData")}


def _texts(obj: JsonObject, field: str) -> Mapping[str, bytes]:
    values: Mapping[str, Any] = obj.get(field) or {}
    return {key: str(value).encode() for key, value in values.items()}
