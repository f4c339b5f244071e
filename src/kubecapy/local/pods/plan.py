"""Plan one pod: its folders, its files, its processes."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.local.pods.failures import PlanError
from kubecapy.local.pods.images import ImageTable
from kubecapy.local.pods.mounts import host_folders, mounts_of, rewrite
from kubecapy.local.pods.scope import PodPlace, PodScope
from kubecapy.local.pods.sources import PodSources
from kubecapy.local.pods.variables import expand, own_variables, standing_variables
from kubecapy.local.pods.volumes import PlannedFile, service_account_files, volume_files


class ContainerPlan(msgspec.Struct, frozen=True):
    """One process."""

    name: str
    image: str
    command: tuple[str, ...]
    """Program and arguments; empty where the image stands for no program and is only reported to run."""
    environment: Mapping[str, str]
    folder: Path
    """Working directory."""

    def __repr__(self) -> str:
        """Show no variable: they may hold secrets."""
        return f"ContainerPlan({self.name}, {self.image})"


class PodPlan(msgspec.Struct, frozen=True):
    """Everything to do for one pod, in this order: folders, files, processes."""

    folders: tuple[Path, ...]
    files: tuple[PlannedFile, ...]
    containers: tuple[ContainerPlan, ...]


def plan_pod(pod: JsonObject, sources: PodSources, place: PodPlace, images: ImageTable) -> PodPlan:
    """Return what to do for `pod`.

    Raises:
        PlanError: it refers to something that is not there, or wants a volume of an unknown kind or a program that
            its image does not stand for.
    """
    scope = PodScope(pod, sources, place)
    volumes = pod["spec"].get("volumes") or ()
    files = [planned for volume in volumes for planned in volume_files(volume, scope)]
    files.extend(service_account_files(scope))
    containers = [_plan_container(container, scope, images) for container in pod["spec"].get("containers") or ()]
    return PodPlan(_folders(scope, files), tuple(files), tuple(containers))


def _folders(scope: PodScope, files: list[PlannedFile]) -> tuple[Path, ...]:
    """Return the pod's own folders, sorted; those of the host are not its to make."""
    names = {volume["name"] for volume in scope.pod["spec"].get("volumes") or ()} - set(host_folders(scope))
    folders = {scope.place.volume_folder(name) for name in names}
    folders |= {scope.place.folder / "home", scope.place.folder / "tmp"}
    folders |= {planned.path.parent for planned in files}
    return tuple(sorted(folders))


def _plan_container(container: JsonObject, scope: PodScope, images: ImageTable) -> ContainerPlan:
    mounts = mounts_of(container, scope)
    variables = own_variables(container, scope)
    folder = container.get("workingDir")
    return ContainerPlan(
        name=container["name"],
        image=container.get("image", ""),
        command=tuple(rewrite(word, mounts) for word in _command(container, images, variables)),
        environment={
            **standing_variables(scope),
            **{name: rewrite(value, mounts) for name, value in variables.items()},
        },
        folder=Path(rewrite(folder, mounts)) if folder else scope.place.folder,
    )


def _command(container: JsonObject, images: ImageTable, variables: Mapping[str, str]) -> list[str]:
    """Return program and arguments; a `command` may only name the image's own program.

    Raises:
        PlanError: it names another, which would be one of the person's own machine: there is no image to find it in.
    """
    program = images.find(container.get("image", ""))
    if program is None:
        return []
    arguments = [expand(str(word), variables) for word in container.get("args") or ()]
    given = [expand(str(word), variables) for word in container.get("command") or ()]
    own = program[-1].partition(".")[0]
    if given and given[0].rpartition("/")[2] != own:
        message = f'command "{given[0]}" is not in the simulated image; name {own} or leave the command out'
        raise PlanError("CreateContainerConfigError", message)
    return [*program, *given[1:], *arguments]
