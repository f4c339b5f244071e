"""Generate the manifests of a cluster from a clouds.yaml: `clusterctl generate-yaml clouds.yaml openstack ubuntu`."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from kubecapy.clusterctl.flags import command, path_type
from kubecapy.clusterctl.invocation import Invocation

if TYPE_CHECKING:
    from kubecapy.clusterctl.generate.folder import WrittenFolder
    from kubecapy.clusterctl.generate.ssh_key import SshKey

OPERATING_SYSTEMS = ("ubuntu", "centos")
KEY_PAIR_NAME = "cluster-api-provider-openstack"
"""Name under which the generated machines expect the SSH key in the cloud (the original's, 2019)."""

EXPECTED = "expected: clusterctl generate-yaml CLOUDS_YAML CLOUD PROVIDER_OS"
HELP = """Generate the manifests of a cluster.

CLOUDS_YAML is the OpenStack client configuration, CLOUD one of its entries, PROVIDER_OS the operating system of the
machines: ubuntu or centos. Only the entry CLOUD is copied into what is written.
"""


@command("generate-yaml", help=HELP)
@click.argument("clouds_yaml", required=False, type=path_type())
@click.argument("cloud", required=False)
@click.argument("provider_os", required=False)
@click.option("-o", "--output-dir", type=path_type(), default=Path("out"), show_default=True, help="Folder to write.")
@click.option("-f", "--force-overwrite", is_flag=True, help="Replace provider-components.yaml where it exists.")
@click.option("--provider", default="openstack", show_default=True, help="Provider of the cloud.")
@click.pass_obj
def generate_yaml(
    invocation: Invocation,
    /,
    clouds_yaml: Path | None,
    cloud: str | None,
    provider_os: str | None,
    output_dir: Path,
    provider: str,
    *,
    force_overwrite: bool,
) -> None:
    """Check everything, then write the folder and the SSH key pair and say what to do next."""
    if not clouds_yaml:
        raise click.UsageError(f"No clouds.yaml provided; {EXPECTED}")
    if not cloud:
        raise click.UsageError(f"No cloud specified; {EXPECTED}")
    if not provider_os:
        raise click.UsageError(f"No provider OS specified; {EXPECTED}")
    operating_system = _operating_system(provider_os)

    # Heavy: imported only when the command runs.
    from kubecapy.clusterctl.generate.composition import GenerateOptions, ask_provider, compose_components
    from kubecapy.clusterctl.generate.folder import refuse_overwriting, write_folder
    from kubecapy.clusterctl.generate.ssh_key import ensure_ssh_key

    options = GenerateOptions(clouds_yaml, cloud, operating_system, provider, output_dir, force_overwrite)
    refuse_overwriting(options.folder, overwrite=options.overwrite)
    manifests = invocation.run(ask_provider(options, invocation))
    components = compose_components(manifests, options)
    key = ensure_ssh_key(invocation.home)
    _report(write_folder(options.folder, manifests, components), key)


def _operating_system(name: str) -> Literal["ubuntu", "centos"]:
    match name.lower():
        case "ubuntu":
            return "ubuntu"
        case "centos":
            return "centos"
    supported = ", ".join(OPERATING_SYSTEMS)
    raise click.UsageError(f"provider-os error: {name} is not one of the supported operating systems: {supported}")


def _report(folder: "WrittenFolder", key: "SshKey") -> None:
    for path in folder.written:
        click.echo(f"wrote {path}")
    for path in folder.kept:
        click.echo(f"kept {path}, which exists; it is yours to edit")
    click.echo(f"{'made' if key.made else 'found'} the SSH key pair {key.private}; register it in the cloud once:")
    click.echo(f"  openstack keypair create --public-key {key.public} {KEY_PAIR_NAME}")
