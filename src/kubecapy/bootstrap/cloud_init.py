r"""Render user data for cloud-init out of the template that a Secret holds.

A template is cloud-init user data with Jinja2 in it. Its delimiters are `<% %>` for statements, `<< >>` for values and
`<# #>` for comments, so that cloud-init's own `{{ v1.instance_id }}` passes through. A name that is not defined is an
error, never an empty text. What a template may use:

| name                                      | is                                                                   |
|-------------------------------------------|----------------------------------------------------------------------|
| `machine.namespace`, `machine.name`       | the Machine                                                          |
| `machine.hostname`                        | name of the host, and so of its Node                                 |
| `machine.role`                            | `control-plane` or `worker`                                          |
| `cluster.namespace`, `cluster.name`       | the Cluster                                                          |
| `cluster.pod_subnet`, `.service_subnet`   | first address range of Pods, of Services                             |
| `cluster.dns_domain`                      | domain of Services                                                   |
| `cluster.endpoint_host`, `.endpoint_port` | where the API server is reached                                      |
| `kubernetes.version`, `.minor`            | version of the kubelet, `1.14.0`, and its release line, `1.14`       |
| `kubernetes.kubeadm_version`              | version of kubeadm and of the control plane                          |
| `kubernetes.container_runtime`            | `docker` or `containerd`                                             |
| `kubernetes.has_packages`                 | whether pkgs.k8s.io carries the version, else dl.k8s.io has binaries |
| `kubernetes.network_manifest`             | URL of the pod network's manifest                                    |
| `kubeadm.command`                         | `kubeadm init --config ...` or `kubeadm join --config ...`           |
| `files`                                   | files to write: `path`, `permissions` and content                    |

| filter                             | gives                                                                       |
|------------------------------------|-----------------------------------------------------------------------------|
| `value \| json`                     | the value as JSON, which is YAML on one line                                |
| `file \| content`                   | a file's content, indented for its place in `write_files`                   |
| `"command" \| step("description")` | a runcmd entry that announces itself, and ends the boot where it fails      |
"""

import re
import traceback
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal

import msgspec
from jinja2 import StrictUndefined, TemplateSyntaxError
from jinja2 import Template as CompiledTemplate
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kubecapy.apimachinery.codec import DecodeError, load_yaml
from kubecapy.bootstrap.errors import InvalidTemplate
from kubecapy.bootstrap.releases import ContainerRuntime
from kubecapy.bootstrap.yaml_text import boot_step, json_scalar, text_block
from kubecapy.telemetry.secrets import Secret

MAX_BASE64_BYTES: Final = 65535
"""Limit: Nova refuses user data whose base64 text is longer (api-ref compute, POST /servers, `user_data`)."""

USER_DATA_KEY: Final = "userData"
DISABLE_TEMPLATING_KEY: Final = "disableTemplating"

_COMPILED_MAX = 32
"""How many templates stay compiled: one for each set of machines that grows at the same time."""
_CONTENT_INDENT = 4
_JINJA_HEADER = "## template: jinja"


class HostFile(msgspec.Struct, frozen=True):
    """A file to write before the host's commands run."""

    path: str
    content: Secret[str]
    permissions: str = "0644"
    templated: bool = False
    """True where cloud-init's Jinja fills in `{{ v1.instance_id }}` and its like."""


class MachineVariables(msgspec.Struct, frozen=True):
    """What a template may know of the Machine."""

    namespace: str
    name: str
    hostname: str
    role: Literal["control-plane", "worker"]


class ClusterVariables(msgspec.Struct, frozen=True):
    """What a template may know of the Cluster."""

    namespace: str
    name: str
    pod_subnet: str
    service_subnet: str
    dns_domain: str
    endpoint_host: str
    endpoint_port: int


class KubernetesVariables(msgspec.Struct, frozen=True):
    """What a template may know of the release."""

    version: str
    minor: str
    kubeadm_version: str
    container_runtime: ContainerRuntime
    has_packages: bool
    network_manifest: str


class KubeadmVariables(msgspec.Struct, frozen=True):
    """What a template may know of kubeadm's part."""

    command: str


class Variables(msgspec.Struct, frozen=True):
    """Everything that a template may use; documented in the module's docstring."""

    machine: MachineVariables
    cluster: ClusterVariables
    kubernetes: KubernetesVariables
    kubeadm: KubeadmVariables
    files: tuple[HostFile, ...]


class Template(msgspec.Struct, frozen=True):
    """User data as a person wrote it."""

    text: str
    source: str
    """Where it comes from, for messages, such as `Secret system/master-user-data, key userData`."""
    is_final: bool = False
    """True where it is to be passed on as it is."""


def template_from_secret(data: Mapping[str, bytes], name: str) -> Template:
    """Return the template in the data of the Secret called `name`.

    The key `disableTemplating` means, whatever its value, that the text is passed on as it is.

    Raises:
        InvalidTemplate: the key `userData` is missing, empty or not UTF-8 text.
    """
    source = f"Secret {name}, key {USER_DATA_KEY}"
    raw = data.get(USER_DATA_KEY)
    if not raw:
        raise InvalidTemplate(f"{source}: expected a user-data template, found nothing; add the key to the Secret")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise InvalidTemplate(f"{source}: expected UTF-8 text, found other bytes at offset {error.start}") from error
    return Template(text, source, is_final=DISABLE_TEMPLATING_KEY in data)


def render(template: Template, variables: Variables) -> Secret[bytes]:
    """Return the user data of one machine.

    Raises:
        InvalidTemplate: the template uses what is not defined or is no Jinja, its result is no YAML or too long for
            Nova; the message names the source and the line.
    """
    text = template.text if template.is_final else _fill_in(template, variables)
    if not template.is_final:
        _check_yaml(text, template.source)
    user_data = text.encode()
    length = -(-len(user_data) // 3) * 4
    if length > MAX_BASE64_BYTES:
        raise InvalidTemplate(
            f"{template.source}: the rendered user data takes {length} bytes in base64, expected at most "
            f"{MAX_BASE64_BYTES}; shorten the template"
        )
    return Secret(user_data)


def _fill_in(template: Template, variables: Variables) -> str:
    names = {name: getattr(variables, name) for name in variables.__struct_fields__}
    try:
        return _compile(template.text).render(names)
    except TemplateSyntaxError as error:
        raise InvalidTemplate(f"{template.source}, line {error.lineno}: {error.message}") from error
    except TemplateError as error:
        raise InvalidTemplate(f"{template.source}, line {_line_of(error)}: {error.message}") from error
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError) as error:
        # A template runs as a program: a filter given the wrong thing fails in Python's own ways.
        raise InvalidTemplate(f"{template.source}, line {_line_of(error)}: {error}") from error


@lru_cache(maxsize=_COMPILED_MAX)
def _compile(text: str) -> CompiledTemplate:
    """Return the program that a template is: machines of a set share one, and compiling takes longer than running."""
    return _environment().from_string(text)


def _environment() -> ImmutableSandboxedEnvironment:
    # The sandbox keeps a template from reaching beyond the values it is given.
    environment = ImmutableSandboxedEnvironment(
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters |= {"json": json_scalar, "content": _content, "step": boot_step}
    return environment


def _content(file: HostFile) -> str:
    return text_block(file.content.reveal(), indent=_CONTENT_INDENT, templated=file.templated)


def _line_of(error: BaseException) -> int:
    """Return the template's line of a run-time `error`: Jinja names the frames of a template `<template>`."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == "<template>" and frame.lineno]
    return lines[-1] if lines else 1


def _check_yaml(text: str, source: str) -> None:
    if not _is_cloud_config(text):
        return
    try:
        documents = load_yaml(_without_cloud_init_jinja(text))
    except DecodeError as error:
        # The parser's words may quote a secret line; its line number tells enough.
        line = re.search(r"line \d+", str(error))
        where = f", {line[0]} of the rendered text" if line else ""
        raise InvalidTemplate(f"{source}{where}: expected YAML that cloud-init can read") from None
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise InvalidTemplate(f"{source}: expected one YAML mapping after #cloud-config")


def _is_cloud_config(text: str) -> bool:
    first_lines = text.split("\n", 2)[:2]
    return "#cloud-config" in [line.strip() for line in first_lines]


def _without_cloud_init_jinja(text: str) -> str:
    """Return `text` as YAML would see it once cloud-init filled in its own values."""
    if not text.startswith(_JINJA_HEADER):
        return text
    values_filled = re.sub(r"\{\{.*?\}\}", "filled", text)
    return re.sub(r"\{%.*?%\}|\{#.*?#\}", "", values_filled, flags=re.DOTALL)
