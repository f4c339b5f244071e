"""Check manifests without any cluster: `clusterctl validate -f cluster.yaml -f machines.yaml`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click

from kubecapy.clusterctl.errors import EXIT_FAILURE
from kubecapy.clusterctl.flags import command, path_type
from kubecapy.clusterctl.invocation import Invocation

HELP = """Check manifests without asking any cluster or cloud.

Every object is checked by the definition of its kind, and the provider's part of it by the provider.
CustomResourceDefinitions among the files define kinds too. Of Kubernetes' own kinds, names and types of fields are
checked. Rules between fields are checked once the fields themselves are right. Exit code 1 where there is an error.

\b
clusterctl validate -f cluster.yaml -f machines.yaml
clusterctl validate -f out/
kubectl get machine NAME -o yaml | clusterctl validate -f -
"""


@command("validate", help=HELP)
@click.option(
    "-f",
    "--filename",
    "files",
    type=path_type(),
    multiple=True,
    help="Manifest file or folder of such; - reads standard input.",
)
@click.option("-R", "--recursive", is_flag=True, help="Look into the folders of a folder too.")
@click.option("--provider", default="", help="Provider of every providerSpec, whatever its apiVersion says.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Form of the result.")
@click.pass_obj
def validate(
    invocation: Invocation,
    /,
    files: Sequence[Path],
    provider: str,
    output: Literal["text", "json"],
    *,
    recursive: bool,
) -> None:
    """Check, print what was found, and end with the verdict as exit code."""
    if not files:
        raise click.UsageError("must specify -f")
    # Heavy: imported only when the command runs.
    from kubecapy.clusterctl.inputs.validating import ValidateRequest
    from kubecapy.clusterctl.inputs.validating import validate as check_files
    from kubecapy.clusterctl.inputs.verdict_report import render_json, render_text

    request = ValidateRequest(files=files, recursive=recursive, provider=provider)
    verdict = invocation.run(check_files(request, invocation))
    click.echo(render_json(verdict) if output == "json" else render_text(verdict))
    if verdict.count("error"):
        raise click.exceptions.Exit(EXIT_FAILURE)
