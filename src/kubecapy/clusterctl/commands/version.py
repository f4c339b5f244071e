"""Print the version."""

import json
from importlib.metadata import version as installed_version
from typing import Literal

import click

from kubecapy.clusterctl.flags import command


@command("version", help="Print the version of clusterctl.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Form of the answer.")
def version(output: Literal["text", "json"]) -> None:
    """Print the version of the installed package."""
    number = installed_version("kubecapy")
    click.echo(json.dumps({"clusterctl": {"version": number}}) if output == "json" else f"clusterctl {number}")
