"""List the commands of clusterctl."""

from typing import Any

import click

from kubecapy.clusterctl.flags import LazyGroup


class DeleteGroup(LazyGroup):
    """Takes a whole cluster down as `delete cluster`; anything else after `delete` names objects, as for kubectl."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse `args` as the group's own, or as those of the command that deletes objects."""
        if not args or args[0] in ("cluster", "-h", "--help"):
            return super().make_context(info_name, args, parent, **extra)
        # Heavy: imported only where objects are deleted.
        from kubecapy.clusterctl.commands.delete_objects import delete_objects

        context: click.Context = delete_objects.make_context(info_name, args, parent, **extra)
        return context


create = LazyGroup(
    "create",
    help="Create a cluster API resource",
    commands={
        "cluster": ("kubecapy.clusterctl.commands.create_cluster:create_cluster", "Create kubernetes cluster"),
    },
)

delete = DeleteGroup(
    "delete",
    help="Delete a cluster API resource, or any object: delete KIND NAME, delete -f FILE",
    commands={
        "cluster": ("kubecapy.clusterctl.commands.delete_cluster:delete_cluster", "Delete kubernetes cluster"),
    },
)

cli = LazyGroup(
    "clusterctl",
    help="cluster management",
    commands={
        "generate-yaml": (
            "kubecapy.clusterctl.commands.generate_yaml:generate_yaml",
            "Generate the manifests of a cluster",
        ),
        "create": ("kubecapy.clusterctl.cli:create", "Create a cluster API resource"),
        "delete": ("kubecapy.clusterctl.cli:delete", "Delete a cluster API resource"),
        "get": ("kubecapy.clusterctl.commands.get:get", "Show objects"),
        "apply": ("kubecapy.clusterctl.commands.apply:apply", "Create or change objects as a file says"),
        "validate": ("kubecapy.clusterctl.commands.validate:validate", "Check manifests without any cluster"),
        "logs": ("kubecapy.clusterctl.commands.logs:logs", "Print the log of a pod"),
        "version": ("kubecapy.clusterctl.commands.version:version", "Print the version"),
        "completion": ("kubecapy.clusterctl.commands.completion:completion", "Print a script for shell completion"),
    },
)
