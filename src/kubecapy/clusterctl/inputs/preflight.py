"""Ask everything that can be asked before anything is made."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from kubecapy.apimachinery.codec import Manifest
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.inputs.checks.checker import Checker
from kubecapy.clusterctl.inputs.checks.kinds import known_kinds
from kubecapy.clusterctl.inputs.files import Inputs
from kubecapy.clusterctl.inputs.provider_tools import ManifestSecrets, find_provider, open_tooling
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.contract.errors import ProviderError
from kubecapy.contract.provider import ProviderTooling
from kubecapy.local.provider_environment import resolve_provider_environment


async def check_inputs(inputs: Inputs, provider: str, invocation: Invocation, *, ask_cloud: bool) -> None:
    """Check every field of the Cluster and its Machines, then, with `ask_cloud`, whether the cloud can make them.

    Raises:
        ClusterctlError: a field is wrong, the provider is unknown or another than the components run, or the cloud
            lacks something; the message holds one sentence for each.
    """
    async with _open_tooling(inputs, provider, invocation) as tooling:
        _refuse_wrong_fields([inputs.cluster, *inputs.machines], Checker(known_kinds(), tooling.validate_spec))
        if ask_cloud:
            await _refuse_what_the_cloud_lacks(inputs, tooling)


@asynccontextmanager
async def _open_tooling(inputs: Inputs, name: str, invocation: Invocation) -> AsyncIterator[ProviderTooling]:
    """Open the provider's tools with the credentials of the components, written to a folder for that long.

    What the provider raises comes out as ClusterctlError.
    """
    provider = find_provider(name)
    with TemporaryDirectory(prefix="clusterctl-") as folder:
        environment = resolve_provider_environment(inputs.components, Path(folder))
        if environment.provider != name:
            raise ClusterctlError(
                f'the provider components run provider "{environment.provider}", but --provider is "{name}"'
            )
        secrets = ManifestSecrets(inputs.components)
        try:
            async with open_tooling(provider, invocation, environment.variables, secrets) as tooling:
                yield tooling
        except ProviderError as error:
            raise ClusterctlError(_in_words_of_components(error, folder)) from error


def _refuse_wrong_fields(manifests: Sequence[Manifest], checker: Checker) -> None:
    findings = [finding for manifest in manifests for finding in checker.check(manifest)]
    errors = [str(finding) for finding in findings if finding.severity == "error"]
    if errors:
        raise ClusterctlError("\n".join(errors))


def _in_words_of_components(error: ProviderError, folder: str) -> str:
    """Return what `error` says; files that were written to `folder` are named as the components know them."""
    written = re.compile(rf"{re.escape(folder)}/volumes/([^/\s]+)/([^/\s,;:]+)")
    return written.sub(r'\2 of volume "\1" of the provider components', str(error))


async def _refuse_what_the_cloud_lacks(inputs: Inputs, tooling: ProviderTooling) -> None:
    machines = [machine.object for machine in inputs.machines]
    problems = await tooling.preflight(inputs.cluster.object, machines)
    if problems:
        raise ClusterctlError("\n".join(problems))
