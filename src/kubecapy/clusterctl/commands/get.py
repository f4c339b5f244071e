"""Show objects, as `kubectl get` does in small."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Literal

import click

from kubecapy.clusterctl.flags import cluster_options, command, ended_by_person
from kubecapy.clusterctl.invocation import Invocation

HELP = """Show objects.

\b
clusterctl get machines
clusterctl get machine NAME -o yaml
clusterctl get nodes -o wide
clusterctl get pods -A -w
"""


@command("get", help=HELP)
@click.argument("targets", nargs=-1, metavar="KIND [NAME...]")
@cluster_options
@click.option("-n", "--namespace", default="", help="Namespace; the kubeconfig's where none is given.")
@click.option("-A", "--all-namespaces", is_flag=True, help="Show the objects of every namespace.")
@click.option("-l", "--selector", default="", help="Only objects with these labels, such as set=node.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "wide", "json", "yaml", "name"]),
    default="table",
    show_default=True,
    help="Form of the answer.",
)
@click.option("-w", "--watch", is_flag=True, help="Go on showing what changes, until ctrl-C.")
@click.option("--no-headers", is_flag=True, help="Leave out the line of column names.")
@click.pass_obj
def get(
    invocation: Invocation,
    /,
    targets: Sequence[str],
    kubeconfig: Path | None,
    context: str | None,
    namespace: str,
    selector: str,
    output: Literal["table", "wide", "json", "yaml", "name"],
    *,
    all_namespaces: bool,
    watch: bool,
    no_headers: bool,
) -> None:
    """Ask the server and print."""
    # Heavy: imported only when the command runs.
    from kubecapy.clusterctl.connecting import ClusterChoice
    from kubecapy.clusterctl.objects.showing import ShowOptions, show
    from kubecapy.clusterctl.objects.targets import parse_targets

    options = ShowOptions(
        targets=tuple(parse_targets(targets)),
        namespace=namespace,
        all_namespaces=all_namespaces,
        selector=selector,
        output=output,
        watch=watch,
        headers=not no_headers,
    )
    with ended_by_person() if watch else nullcontext():
        invocation.run(show(options, ClusterChoice(kubeconfig, context), invocation))
