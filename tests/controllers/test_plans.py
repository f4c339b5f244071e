"""The decisions of the reconcilers, as tables."""

from datetime import timedelta

import pytest
from tests.controllers.world import START, a_cluster, a_machine, a_master, changed

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint, Cluster, Machine, NodeAddress, ObjectReference
from kubecapy.apimachinery.conditions import Condition
from kubecapy.apimachinery.meta import ObjectKey, OwnerReference
from kubecapy.contract.errors import REACTIONS, InvalidConfiguration, NotFound, NotReady, ProviderError, Throttled
from kubecapy.controllers.cluster.deletion import plan_machine_deletion
from kubecapy.controllers.cluster.endpoint import plan_endpoint
from kubecapy.controllers.cluster.phase import phase_of as phase_of_cluster
from kubecapy.controllers.findings import Findings, status_message
from kubecapy.controllers.machine.console import find_boot_failure
from kubecapy.controllers.machine.joining import next_console_look
from kubecapy.controllers.machine.phase import phase_of
from kubecapy.controllers.machine.role import is_last_control_plane, plan_entry
from kubecapy.controllers.membership import concerned_clusters, find_membership, machines_of, owned_by_cluster
from kubecapy.controllers.pausing import is_paused
from kubecapy.controllers.reactions import reaction_to, result_of
from kubecapy.runtime.reconciler import Backoff, TerminalError

LABEL = "cluster.k8s.io/cluster-name"
DELETED = "2026-11-23T12:00:00Z"


def control_plane(name: str, external: str = "", internal: str = "", *, node: bool = False) -> Machine:
    machine = a_machine(ObjectKey("default", name), control_plane=True)
    addresses = [
        NodeAddress(type=type_, address=address)
        for type_, address in (("InternalIP", internal), ("ExternalIP", external))
        if address
    ]
    node_ref = ObjectReference(name=name) if node else None
    return changed(machine, status=changed(machine.status, addresses=tuple(addresses), node_ref=node_ref))


def endpoint(host: str, port: int = 6443) -> ApiEndpoint:
    return ApiEndpoint(host=host, port=port)


@pytest.mark.parametrize(
    ("current", "provided", "machines", "planned"),
    [
        (None, None, [], None),
        (None, None, [control_plane("a")], None),
        (None, None, [control_plane("a", "9.9.9.1", "10.0.0.1")], endpoint("9.9.9.1")),
        (None, None, [control_plane("a", "", "10.0.0.1")], endpoint("10.0.0.1")),
        (None, None, [control_plane("a"), control_plane("b", "9.9.9.2")], endpoint("9.9.9.2")),
        (None, endpoint("lb", 443), [control_plane("a", "9.9.9.1")], endpoint("lb", 443)),
        (endpoint("9.9.9.1"), endpoint("lb", 443), [control_plane("a", "9.9.9.1")], endpoint("lb", 443)),
        (endpoint("9.9.9.2", 443), None, [control_plane("a", "9.9.9.1"), control_plane("b", "9.9.9.2")],
         endpoint("9.9.9.2", 443)),
        (endpoint("9.9.9.2"), None, [], endpoint("9.9.9.2")),
        (endpoint("9.9.9.2"), None, [control_plane("a")], endpoint("9.9.9.2")),
        (endpoint("9.9.9.2"), None, [control_plane("a", "9.9.9.1")], endpoint("9.9.9.1")),
    ],
    ids=[
        "no control plane",
        "no address yet",
        "external before internal",
        "internal where there is no other",
        "the first that has one",
        "the provider's own",
        "the provider's own wins over the present one",
        "the present one stays with its machine",
        "the present one stays without machines",
        "the present one stays before addresses are known",
        "another where its machine is gone",
    ],
)  # fmt: skip
def test_the_endpoint(
    current: ApiEndpoint | None, provided: ApiEndpoint | None, machines: list[Machine], planned: ApiEndpoint | None
) -> None:
    assert plan_endpoint(current, provided, machines, 6443) == planned


A, B = control_plane("a", "9.9.9.1"), control_plane("b", "9.9.9.2")


@pytest.mark.parametrize(
    ("machine", "machines", "host", "entry"),
    [
        (a_machine(), [A], "9.9.9.1", "join"),
        (A, [A], "9.9.9.1", "init"),
        (B, [A, B], "9.9.9.1", "join"),
        (B, [A, B], "9.9.9.2", "init"),
        (A, [A, B], "9.9.9.2", "join"),
        (A, [A, B], "lb.example.com", "init"),
        (B, [A, B], "lb.example.com", "join"),
        (A, [A, control_plane("b", "9.9.9.2", node=True)], "9.9.9.1", "join"),
        (A, [], "9.9.9.1", "init"),
    ],
    ids=[
        "a worker joins",
        "the only control plane initializes",
        "the second joins",
        "the one with the endpoint's address initializes",
        "the other joins",
        "behind a load balancer the oldest initializes",
        "behind a load balancer the younger joins",
        "where a control plane runs, everybody joins",
        "a copy that lags behind does no harm",
    ],
)
def test_how_a_machine_enters(machine: Machine, machines: list[Machine], host: str, entry: str) -> None:
    assert plan_entry(machine, machines, endpoint(host)) == entry


def test_the_last_control_plane_is_last_among_those_that_go_too() -> None:
    assert is_last_control_plane(A, [A, a_machine()])
    assert not is_last_control_plane(A, [A, B])
    assert is_last_control_plane(a_machine(), [a_machine()])


def deleting(machine):
    return changed(machine, metadata=changed(machine.metadata, deletion_timestamp=DELETED))


def test_control_planes_go_only_after_the_last_worker() -> None:
    worker = a_machine()

    assert plan_machine_deletion([A, worker]) == (worker,)
    assert plan_machine_deletion([A, deleting(worker)]) == ()
    assert plan_machine_deletion([A, B]) == (A, B)
    assert plan_machine_deletion([deleting(A)]) == ()


def test_a_label_names_the_cluster_and_no_label_the_only_one() -> None:
    one, two = a_cluster(name="one"), a_cluster(name="two")
    labeled, bare = a_machine(labels={LABEL: "two"}), a_machine()

    assert find_membership(labeled, [one, two]).cluster == two
    assert find_membership(bare, [one]).cluster == one
    assert find_membership(bare, [one, two]).cluster is None


def test_the_machines_of_a_cluster_are_its_own_oldest_first() -> None:
    one, two = a_cluster(name="one"), a_cluster(name="two")
    old = a_machine(ObjectKey("default", "z"), labels={LABEL: "one"}, creation_timestamp="2026-01-01T00:00:00Z")
    young = a_machine(ObjectKey("default", "a"), labels={LABEL: "one"}, creation_timestamp="2026-01-02T00:00:00Z")
    bare = a_machine(ObjectKey("default", "b"), creation_timestamp="2026-01-03T00:00:00Z")
    other = a_machine(ObjectKey("other", "c"), labels={LABEL: "one"})

    assert machines_of(one, [bare, young, old, other], [one, two]) == (old, young)
    assert machines_of(one, [bare, young, old, other], [one]) == (old, young, bare)


@pytest.mark.parametrize(
    ("machine", "names"),
    [
        (a_master(), ["one", "two"]),
        (a_master(labels={LABEL: "two"}), ["two"]),
        (a_machine(labels={LABEL: "two"}), []),
        (a_machine(labels={LABEL: "two"}, deletion_timestamp=DELETED), ["two"]),
    ],
    ids=["a control plane without label", "a control plane", "a worker", "a worker that goes"],
)
def test_which_clusters_a_change_of_a_machine_concerns(machine: Machine, names: list[str]) -> None:
    clusters = [a_cluster(name="one"), a_cluster(name="two")]

    assert [key.name for key in concerned_clusters(machine, clusters)] == names


def test_an_owner_of_the_same_name_from_before_is_replaced() -> None:
    stale = OwnerReference(api_version="cluster.k8s.io/v1alpha1", kind="Cluster", name="test1", uid="old")
    other = OwnerReference(api_version="v1", kind="ConfigMap", name="test1", uid="x")
    machine = a_machine(owner_references=(stale, other))
    cluster = a_cluster(uid="new")

    owners = owned_by_cluster(machine.metadata, cluster).owner_references

    assert [(owner.kind, owner.uid) for owner in owners] == [("ConfigMap", "x"), ("Cluster", "new")]
    assert owned_by_cluster(changed(machine.metadata, owner_references=owners), cluster).owner_references == owners


@pytest.mark.parametrize(
    ("cluster", "machine", "paused"),
    [
        (a_cluster(), a_machine(), False),
        (a_cluster(annotations={"cluster.k8s.io/paused": ""}), a_machine(), True),
        (a_cluster(), a_machine(annotations={"cluster.k8s.io/paused": "false"}), True),
        (None, a_machine(), False),
    ],
    ids=["nothing says so", "the cluster's annotation", "the machine's, whatever its value", "no cluster"],
)
def test_pausing(cluster: object, machine: Machine, *, paused: bool) -> None:
    assert is_paused(machine, cluster) is paused


def with_conditions(*true: str, **status: object) -> Machine:
    machine = a_machine()
    conditions = tuple(Condition(type=type_, status="True") for type_ in true)
    return changed(machine, status=changed(machine.status, conditions=conditions, **status))


@pytest.mark.parametrize(
    ("machine", "phase"),
    [
        (with_conditions(), "Pending"),
        (with_conditions("Reserved"), "Provisioning"),
        (with_conditions("Reserved", "BootstrapReady"), "Provisioning"),
        (with_conditions("Reserved", "BootstrapReady", "InstanceReady"), "Provisioned"),
        (with_conditions("Reserved", "BootstrapReady", "InstanceReady", "NodeReady"), "Running"),
        (with_conditions("Reserved", error_reason="CreateError"), "Failed"),
        (deleting(with_conditions("NodeReady", error_reason="CreateError")), "Deleting"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_phase_follows_from_the_conditions(machine: Machine, phase: str) -> None:
    assert phase_of(machine) == phase


def cluster_with(*true: str, **status: object) -> Cluster:
    cluster = a_cluster()
    conditions = tuple(Condition(type=type_, status="True") for type_ in true)
    return changed(cluster, status=changed(cluster.status, conditions=conditions, **status))


@pytest.mark.parametrize(
    ("cluster", "phase"),
    [
        (cluster_with(), "Pending"),
        (cluster_with("CertificatesReady"), "Provisioning"),
        (cluster_with("CertificatesReady", "InfrastructureReady"), "Provisioning"),
        (cluster_with("CertificatesReady", "ControlPlaneEndpointReady"), "Provisioning"),
        (cluster_with("CertificatesReady", "InfrastructureReady", "ControlPlaneEndpointReady"), "Provisioned"),
        (cluster_with("InfrastructureReady", error_reason="InvalidConfiguration"), "Failed"),
        (deleting(cluster_with("InfrastructureReady", error_reason="InvalidConfiguration")), "Deleting"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_phase_of_a_cluster_follows_from_its_conditions(cluster: Cluster, phase: str) -> None:
    assert phase_of_cluster(cluster) == phase


def test_every_error_of_the_contract_has_a_reaction() -> None:
    closed_set = set(ProviderError.__subclasses__())

    assert set(REACTIONS) == closed_set
    assert len({reaction.reason for reaction in REACTIONS.values()}) == len(closed_set)


def test_an_error_of_a_finer_class_reacts_as_its_parent() -> None:
    class PortNotFound(NotFound):
        """A provider's own."""

    assert reaction_to(PortNotFound("x")).reason == "ReferenceNotFound"


def test_the_clouds_own_wait_is_obeyed() -> None:
    assert result_of(Throttled("x", retry_after_seconds=9.0)).requeue_after_seconds == 9.0
    assert result_of(NotReady("x", retry_after_seconds=2.0)).requeue_after_seconds == 2.0


def test_an_error_that_only_a_person_can_mend_waits_for_a_change() -> None:
    with pytest.raises(TerminalError, match="unknown field") as caught:
        result_of(InvalidConfiguration("unknown field"))

    assert caught.value.reason == "InvalidConfiguration"


def test_an_error_outside_of_the_closed_set_counts_as_a_failing_cloud() -> None:
    assert reaction_to(ProviderError("x")).reason == "CloudUnavailable"


def test_without_a_wait_the_backoff_decides() -> None:
    with pytest.raises(Backoff, match="x"):
        result_of(NotFound("x"))


@pytest.mark.parametrize(
    ("seconds", "wait"), [(0, 20), (5, 15), (20, 20), (40, 40), (100, 100), (300, 300), (5000, 300)]
)
def test_the_wait_for_the_console_grows_with_the_time_that_passed(seconds: float, wait: float) -> None:
    assert next_console_look(timedelta(seconds=seconds), 20.0) == wait


FAILED = "kubecapy: bootstrap failed: run kubeadm"


@pytest.mark.parametrize(
    ("console", "failure"),
    [
        ("", None),
        ("kubecapy: run kubeadm\nerror: something", None),
        (f"kubecapy: run kubeadm\nerror execution phase preflight: x\n{FAILED}\n",
         "run kubeadm: error execution phase preflight: x"),
        (f"kubecapy: run kubeadm\n\t[ERROR Swap]: running with swap on is not supported\n{FAILED}",
         "run kubeadm: [ERROR Swap]: running with swap on is not supported"),
        (f"[   12.3] cloud-init[812]: {FAILED}\n", "run kubeadm"),
        ("kubecapy: fetch\ncurl: (6) Could not resolve host\nkubecapy: bootstrap failed: fetch",
         "fetch: curl: (6) Could not resolve host"),
        ("kubecapy: a\nE: old\nkubecapy: b\nE: new\nkubecapy: bootstrap failed: b", "b: E: new"),
        ("kubecapy: a\nE: old\nkubecapy: b\nnothing\nkubecapy: bootstrap failed: b", "b"),
        (f"{FAILED}\nkubecapy: bootstrap finished", None),
        ("kubecapy: a\nsh: 1: kubeadm: not found\nkubecapy: bootstrap failed: a", "a: sh: 1: kubeadm: not found"),
    ],
    ids=[
        "an empty console",
        "a boot that goes on",
        "kubeadm's verdict",
        "kubeadm's preflight",
        "only the step is known",
        "curl's words",
        "the step's own error",
        "not another step's error",
        "a boot that came to its end",
        "a missing command",
    ],
)  # fmt: skip
def test_the_reason_of_a_failed_boot(console: str, failure: str | None) -> None:
    assert find_boot_failure(console) == failure


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("creating port: 409 (network, req-5a0f2b1c-1111-4222-8333-444455556666)", "creating port: 409 (network)"),
        ("creating port: 409 (req-5a0f2b1c-1111-4222-8333-444455556666)", "creating port: 409"),
        ("token abcdef.0123456789abcdef", "token abcdef.****************"),
        ("x" * 2000, "x" * 1021 + "..."),
    ],
    ids=["request id in a list", "request id alone", "token", "length"],
)
def test_a_status_message_is_stable_short_and_without_secrets(text: str, message: str) -> None:
    assert status_message(text) == message


def test_ready_repeats_the_first_finding_that_does_not_hold() -> None:
    findings = Findings((), START)
    findings.mark("A", "True", "Fine")
    findings.mark("B", "False", "Broken", "because")

    findings.sum_up(("A", "B", "C"))
    assert (findings.items[-1].reason, findings.items[-1].message) == ("Broken", "because")

    findings.mark("B", "True", "Mended")
    findings.sum_up(("A", "B", "C"))
    assert findings.items[-1].message == "C is not known yet"

    findings.mark("C", "True", "Fine")
    findings.sum_up(("A", "B", "C"))
    assert findings.items[-1].status == "True"


def test_ready_repeats_what_says_why_before_what_nobody_knows_yet() -> None:
    findings = Findings((), START)
    findings.mark("B", "False", "Broken", "because")

    findings.sum_up(("A", "B"))

    assert findings.items[-1].message == "because"


def test_a_doubted_finding_goes_unless_the_pass_makes_it_again_and_then_keeps_its_time() -> None:
    before = Findings((), START)
    before.mark("A", "False", "Broken")
    later = START + timedelta(minutes=5)
    gone, kept = Findings(before.items, later), Findings(before.items, later)

    gone.doubt("A")
    kept.doubt("A")
    kept.mark("A", "False", "Broken", "again")
    gone.sum_up(("A",))
    kept.sum_up(("A",))

    assert [found.type for found in gone.items] == ["Ready"]
    assert kept.items[0].last_transition_time == before.items[0].last_transition_time


def test_an_unlabeled_control_plane_counts() -> None:
    assert plan_endpoint(None, None, [a_master()], 6443) is None
