"""List the demo's commands in order, as data: what is typed, why, and what its output must look like.

A test holds this list and its shapes against the article's own transcripts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One command that a person would type."""

    name: str
    """How tests and messages refer to it."""
    why: str
    """One sentence, shown above the command."""
    command: tuple[str, ...]
    """Words of the command; `{name}` stands for what an earlier step captured."""
    captures: Mapping[str, str] = field(default_factory=dict)
    """Names for later steps, each with a regular expression whose first group is found in the output."""
    shape: tuple[str, ...] | None = None
    """Regular expressions that match the output's lines, one each, in order; empty: no output; None: any output."""
    until: str = ""
    """For a command that follows: it is stopped, as by ctrl-C, once a line matches."""
    background: bool = False
    """True where the next steps run while this one follows."""
    retry_seconds: float = 0.0
    """How long the command is repeated until its shape is met; a person would press the up key."""


AGE = r"\d+(s|m|m\d+s|h|h\d+m)"
MASTER = r"liugya-master-[a-z0-9]{5}"
WORKER = r"liugya-node-[a-z0-9]{5}"
PHASE = r"Running"

STORY: tuple[Step, ...] = (
    Step(
        "register-key-pair",
        "The cloud must know the key pair that the machines name.",
        ("openstack", "keypair", "create", "--private-key", "{home}/.ssh/openstack_tmp", "{key_pair}"),
    ),
    Step(
        "generate-yaml",
        "Manifests for this cloud and operating system, in the folder out.",
        ("clusterctl", "generate-yaml", "./clouds.yaml", "openstack", "ubuntu"),
    ),
    Step(
        "list-out",
        "The three files.",
        ("ls", "out"),
        shape=(r"cluster\.yaml", r"machines\.yaml", r"provider-components\.yaml"),
    ),
    Step(
        "fill-in",
        "A person fills in image, network and addresses; here the article's own values are copied.",
        ("cp", "cluster.yaml", "machines.yaml", "out/"),
    ),
    Step(
        "create-cluster",
        "A bootstrap cluster inside this command makes the control plane, moves into it and goes.",
        (
            *("clusterctl", "create", "cluster", "--v", "4", "--bootstrap-type", "embedded", "--provider", "openstack"),
            *("-c", "out/cluster.yaml", "-m", "out/machines.yaml", "-p", "out/provider-components.yaml"),
        ),
    ),
    Step(
        "get-clusters",
        "From here on, the new cluster answers.",
        ("kubectl", "get", "clusters"),
        shape=(r"NAME\s+PHASE\s+AGE", rf"test1\s+Provisioned\s+{AGE}"),
    ),
    Step(
        "get-machines",
        "Both machines are objects in the cluster that they make up.",
        ("kubectl", "get", "machines"),
        captures={"worker": rf"({WORKER})"},
        shape=(r"NAME\s+PHASE\s+AGE", rf"{MASTER}\s+{PHASE}\s+{AGE}", rf"{WORKER}\s+{PHASE}\s+{AGE}"),
        retry_seconds=20,
    ),
    Step(
        "get-nodes",
        "Both are Ready.",
        ("kubectl", "get", "nodes"),
        shape=(
            r"NAME\s+STATUS\s+ROLES\s+AGE\s+VERSION",
            rf"{MASTER}\s+Ready\s+master\s+{AGE}\s+v1\.14\.0",
            rf"{WORKER}\s+Ready\s+<none>\s+{AGE}\s+v1\.14\.0",
        ),
        retry_seconds=20,
    ),
    Step(
        "get-deploy",
        "The provider's controllers run inside.",
        ("kubectl", "get", "deploy", "-n", "openstack-provider-system"),
        shape=(r"NAME\s+READY\s+UP-TO-DATE\s+AVAILABLE\s+AGE", rf"clusterapi-controllers\s+1/1\s+1\s+1\s+{AGE}"),
    ),
    Step(
        "get-sts",
        "So do the generic ones.",
        ("kubectl", "get", "sts", "-n", "system"),
        shape=(r"NAME\s+READY\s+AGE", rf"controller-manager\s+1/1\s+{AGE}"),
    ),
    Step(
        "get-pods",
        "The pod whose log tells what happens.",
        ("kubectl", "get", "pods", "-n", "openstack-provider-system"),
        captures={"pod": r"(clusterapi-controllers-[a-z0-9]+-[a-z0-9]{5})"},
        shape=(
            r"NAME\s+READY\s+STATUS\s+RESTARTS\s+AGE",
            rf"clusterapi-controllers-[a-z0-9]+-[a-z0-9]{{5}}\s+1/1\s+Running\s+0\s+{AGE}",
        ),
    ),
    Step(
        "logs",
        "Its log is followed while a worker goes.",
        ("kubectl", "logs", "-f", "--tail=5", "{pod}", "-n", "openstack-provider-system"),
        until=r"machine object {worker} deletion successful, removing finalizer",
        background=True,
    ),
    Step(
        "delete-worker",
        "The worker goes: Machine, Node and server.",
        ("kubectl", "delete", "machine", "{worker}"),
        shape=(rf'machine\.cluster\.k8s\.io "{WORKER}" deleted',),
    ),
    Step(
        "get-machines-after-delete",
        "One machine is left,",
        ("kubectl", "get", "machines"),
        shape=(r"NAME\s+PHASE\s+AGE", rf"{MASTER}\s+{PHASE}\s+{AGE}"),
    ),
    Step(
        "get-nodes-after-delete",
        "and one Node,",
        ("kubectl", "get", "nodes"),
        shape=(r"NAME\s+STATUS\s+ROLES\s+AGE\s+VERSION", rf"{MASTER}\s+Ready\s+master\s+{AGE}\s+v1\.14\.0"),
        retry_seconds=10,
    ),
    Step(
        "servers-after-delete",
        "and one server.",
        ("openstack", "server", "list", "-c", "Name", "-c", "Status", "-f", "value"),
        shape=(rf"{MASTER} ACTIVE",),
    ),
    Step(
        "apply-machine",
        "A worker by a fixed name joins.",
        ("kubectl", "apply", "-f", "machine.yaml"),
        shape=(r"machine\.cluster\.k8s\.io/liugya-node-1 created",),
    ),
    Step(
        "get-machines-after-apply",
        "It runs,",
        ("kubectl", "get", "machines"),
        shape=(r"NAME\s+PHASE\s+AGE", rf"{MASTER}\s+{PHASE}\s+{AGE}", rf"liugya-node-1\s+{PHASE}\s+{AGE}"),
        retry_seconds=60,
    ),
    Step(
        "get-nodes-after-apply",
        "and its Node is Ready.",
        ("kubectl", "get", "nodes"),
        shape=(
            r"NAME\s+STATUS\s+ROLES\s+AGE\s+VERSION",
            rf"{MASTER}\s+Ready\s+master\s+{AGE}\s+v1\.14\.0",
            rf"liugya-node-1\s+Ready\s+<none>\s+{AGE}\s+v1\.14\.0",
        ),
        retry_seconds=30,
    ),
    Step(
        "delete-cluster",
        "Workers first, then the cluster moves back into a bootstrap cluster, which deletes the rest.",
        (
            *("clusterctl", "delete", "cluster", "--kubeconfig", "kubeconfig"),
            *("-p", "out/provider-components.yaml", "--bootstrap-type", "embedded"),
        ),
    ),
    Step(
        "servers-after-all",
        "The project holds no server",
        ("openstack", "server", "list", "-f", "value"),
        shape=(),
    ),
    Step(
        "ports-after-all",
        "and no port of a machine.",
        ("openstack", "port", "list", "--device-owner", "compute:nova", "-f", "value"),
        shape=(),
    ),
    Step(
        "delete-key-pair",
        "The key pair was a person's, and she takes it back.",
        ("openstack", "keypair", "delete", "{key_pair}"),
        shape=(),
    ),
)

WITHOUT_KUBECTL = ("get", "apply", "delete", "logs")
"""Verbs that clusterctl knows too, for people without kubectl."""


def without_kubectl(step: Step) -> Step:
    """Return `step` with clusterctl in kubectl's place."""
    if step.command[0] != "kubectl" or step.command[1] not in WITHOUT_KUBECTL:
        return step
    return Step(
        **{name: getattr(step, name) for name in step.__dataclass_fields__ if name != "command"},
        command=("clusterctl", *step.command[1:]),
    )
