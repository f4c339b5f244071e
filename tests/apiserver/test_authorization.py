"""Roles decide who may do what; administrators always may, kubelets only to themselves."""

from typing import Any

import pytest
from tests.apiserver.rules_reader import DictReader

from kubecapy.apimachinery.errors import Forbidden
from kubecapy.apiserver.authorization import Authorizer
from kubecapy.apiserver.authorization.bootstrap_policy import objects
from kubecapy.apiserver.interfaces import Attributes, UserInfo

RBAC = "rbac.authorization.k8s.io"
JANE = UserInfo(name="jane", groups=("dev", "system:authenticated"))
ANONYMOUS = UserInfo(name="system:anonymous", groups=("system:unauthenticated",))
ADMIN = UserInfo(name="kubernetes-admin", groups=("system:masters", "system:authenticated"))
KUBELET = UserInfo(name="system:node:n1", groups=("system:nodes", "system:authenticated"))
ROBOT = UserInfo(
    name="system:serviceaccount:apps:robot",
    groups=("system:serviceaccounts", "system:serviceaccounts:apps", "system:authenticated"),
)


@pytest.fixture
def reader() -> DictReader:
    return DictReader(objects())


def named(name: str, namespace: str = "", **labels: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "labels": labels}
    return {**metadata, "namespace": namespace} if namespace else metadata


def give(
    reader: DictReader,
    subject: dict[str, str],
    *rules: dict[str, Any],
    namespace: str = "",
    role_namespace: str | None = None,
) -> None:
    """Make a role with `rules` and bind it to `subject`, in a namespace or everywhere."""
    role_namespace = namespace if role_namespace is None else role_namespace
    role_kind = "Role" if role_namespace else "ClusterRole"
    binding_kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    reader.put(RBAC, f"{role_kind.lower()}s", {"metadata": named("r", role_namespace), "rules": list(rules)})
    reader.put(
        RBAC,
        f"{binding_kind.lower()}s",
        {
            "metadata": named("b", namespace),
            "roleRef": {"apiGroup": RBAC, "kind": role_kind, "name": "r"},
            "subjects": [subject],
        },
    )


def rule(verbs: str, group: str, resources: str, names: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"verbs": verbs.split(), "apiGroups": [group], "resources": resources.split()}
    return {**made, "resourceNames": names.split()} if names else made


def ask(verb: str, resource: str, namespace: str = "default", name: str = "", group: str = "") -> Attributes:
    plural, _, subresource = resource.partition("/")
    return Attributes(
        verb=verb, group=group, version="v1", resource=plural, subresource=subresource, namespace=namespace, name=name
    )


def may(reader: DictReader, user: UserInfo, attributes: Attributes) -> bool:
    try:
        Authorizer(reader).authorize(user, attributes)
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize(
    "subject",
    [
        {"kind": "User", "name": "jane"},
        {"kind": "Group", "name": "dev"},
        {"kind": "Group", "name": "system:authenticated"},
    ],
    ids=["user", "group", "everybody known"],
)
def test_a_binding_names_users_and_groups(reader: DictReader, subject: dict[str, str]) -> None:
    give(reader, subject, rule("get", "", "pods"), namespace="default")

    assert may(reader, JANE, ask("get", "pods"))
    assert not may(reader, JANE, ask("get", "pods", "other"))
    assert not may(reader, ANONYMOUS, ask("get", "pods"))


def test_a_binding_names_service_accounts(reader: DictReader) -> None:
    subject = {"kind": "ServiceAccount", "name": "robot", "namespace": "apps"}
    give(reader, subject, rule("list", "cluster.k8s.io", "machines"))

    assert may(reader, ROBOT, ask("list", "machines", group="cluster.k8s.io"))
    assert not may(reader, JANE, ask("list", "machines", group="cluster.k8s.io"))


def test_a_cluster_role_given_in_a_namespace_holds_there_alone(reader: DictReader) -> None:
    give(reader, {"kind": "User", "name": "jane"}, rule("*", "", "*"), namespace="default", role_namespace="")

    assert may(reader, JANE, ask("delete", "secrets"))
    assert not may(reader, JANE, ask("delete", "secrets", "other"))
    assert not may(reader, JANE, ask("get", "nodes", ""))


@pytest.mark.parametrize(
    ("given", "asked", "allowed"),
    [
        (rule("get list", "", "pods"), ask("list", "pods"), True),
        (rule("get list", "", "pods"), ask("watch", "pods"), False),
        (rule("*", "", "pods"), ask("deletecollection", "pods"), True),
        (rule("get", "", "pods"), ask("get", "pods/log"), False),
        (rule("get", "", "pods/log"), ask("get", "pods/log"), True),
        (rule("get", "", "*"), ask("get", "pods/log"), True),
        (rule("get", "", "*/log"), ask("get", "pods/log"), True),
        (rule("get", "", "*/log"), ask("get", "pods"), False),
        (rule("get", "apps", "deployments"), ask("get", "deployments"), False),
        (rule("get", "*", "deployments"), ask("get", "deployments", group="apps"), True),
        (rule("get", "", "secrets", "a b"), ask("get", "secrets", name="b"), True),
        (rule("get", "", "secrets", "a b"), ask("get", "secrets", name="c"), False),
        (rule("create list", "", "secrets", "a"), ask("list", "secrets"), False),
        ({"verbs": ["get"], "nonResourceURLs": ["/metrics"]}, Attributes(verb="get", path="/metrics"), True),
        ({"verbs": ["get"], "nonResourceURLs": ["/metrics"]}, Attributes(verb="get", path="/metrics/x"), False),
        ({"verbs": ["get"], "nonResourceURLs": ["/debug/*"]}, Attributes(verb="get", path="/debug/pprof/x"), True),
        ({"verbs": ["get"], "nonResourceURLs": ["*"]}, Attributes(verb="post", path="/x"), False),
    ],
)
def test_a_rule_covers_what_it_says(
    reader: DictReader, given: dict[str, Any], asked: Attributes, allowed: bool
) -> None:
    give(reader, {"kind": "User", "name": "jane"}, given)

    assert may(reader, JANE, asked) is allowed


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        (
            ask("list", "machines", group="cluster.k8s.io"),
            (
                'machines.cluster.k8s.io is forbidden: User "jane" cannot list resource "machines" '
                'in API group "cluster.k8s.io" in the namespace "default"'
            ),
        ),
        (
            ask("get", "nodes", "", "n1"),
            'nodes "n1" is forbidden: User "jane" cannot get resource "nodes" in API group "" at the cluster scope',
        ),
        (
            ask("get", "pods/log", name="p"),
            (
                'pods "p" is forbidden: User "jane" cannot get resource "pods/log" in API group "" '
                'in the namespace "default"'
            ),
        ),
        (Attributes(verb="get", path="/metrics"), 'forbidden: User "jane" cannot get path "/metrics"'),
    ],
)
def test_a_refusal_says_who_what_and_where(reader: DictReader, attributes: Attributes, message: str) -> None:
    with pytest.raises(Forbidden) as refusal:
        Authorizer(reader).authorize(JANE, attributes)

    assert refusal.value.message == message


def test_a_refusal_names_the_role_that_a_binding_misses(reader: DictReader) -> None:
    give(reader, {"kind": "User", "name": "jane"}, rule("get", "", "pods"))
    reader.remove(RBAC, "clusterroles", "", "r")

    with pytest.raises(Forbidden, match=r': RBAC: clusterrole.rbac.authorization.k8s.io "r" not found$'):
        Authorizer(reader).authorize(JANE, ask("get", "pods"))


def test_a_change_of_a_role_holds_at_once(reader: DictReader) -> None:
    authorizer = Authorizer(reader)
    give(reader, {"kind": "User", "name": "jane"}, rule("get", "", "pods"))
    authorizer.authorize(JANE, ask("get", "pods"))

    give(reader, {"kind": "User", "name": "jane"}, rule("get", "", "nodes"))

    assert not authorizer.is_allowed(JANE, ask("get", "pods"))


@pytest.mark.parametrize(
    "broken",
    [
        {"metadata": {"name": "x"}, "rules": "all of them"},
        {"metadata": {"name": "x"}, "rules": [{"verbs": "get"}]},
        {"metadata": {"name": "x"}, "aggregationRule": {"clusterRoleSelectors": "all"}},
        {"metadata": {"name": "x"}, "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": ["a"]}]}},
        {
            "metadata": {"name": "x"},
            "aggregationRule": {"clusterRoleSelectors": [{"matchExpressions": [{"key": "a", "operator": "Like"}]}]},
        },
    ],
)
def test_a_malformed_role_grants_nothing_and_keeps_nobody_from_working(
    reader: DictReader, broken: dict[str, Any]
) -> None:
    give(reader, {"kind": "User", "name": "jane"}, rule("get", "", "pods"))
    reader.put(RBAC, "clusterroles", broken)
    reader.put(RBAC, "clusterrolebindings", {"metadata": {"name": "y"}, "roleRef": "x", "subjects": 3})

    assert may(reader, JANE, ask("get", "pods"))


def test_roles_that_aggregate_each_other_in_a_circle_end(reader: DictReader) -> None:
    for name, other in (("r", "b"), ("c", "a")):
        selector = {"clusterRoleSelectors": [{"matchLabels": {"part-of": other}}]}
        own = "a" if name == "r" else "b"
        reader.put(
            RBAC,
            "clusterroles",
            {
                "metadata": {"name": name, "labels": {"part-of": own}},
                "rules": [rule("get", "", f"{name}s")],
                "aggregationRule": selector,
            },
        )
    subjects = [{"kind": "User", "name": "jane"}]
    role_ref = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "r"}
    reader.put(RBAC, "clusterrolebindings", {"metadata": {"name": "b"}, "roleRef": role_ref, "subjects": subjects})

    assert may(reader, JANE, ask("get", "rs"))
    assert may(reader, JANE, ask("get", "cs"))


class TestBootstrapPolicy:
    def test_objects_are_fresh_and_named_once(self) -> None:
        first, second = objects(), objects()

        assert first == second
        assert first[0][2] is not second[0][2]
        keys = [(group, plural, obj["metadata"]["name"]) for group, plural, obj in first]
        assert len(keys) == len(set(keys))

    def test_administrators_may_do_everything_without_any_role(self) -> None:
        assert may(DictReader(), ADMIN, ask("delete", "nodes", ""))

    @pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/version"])
    def test_everybody_may_ask_for_health_and_version(self, reader: DictReader, path: str) -> None:
        assert may(reader, ANONYMOUS, Attributes(verb="get", path=path))

    @pytest.mark.parametrize("path", ["/api", "/apis/apps/v1", "/openapi/v3"])
    def test_discovery_is_for_those_who_are_known(self, reader: DictReader, path: str) -> None:
        assert may(reader, JANE, Attributes(verb="get", path=path))
        assert not may(reader, ANONYMOUS, Attributes(verb="get", path=path))

    def test_everybody_known_may_ask_about_themselves(self, reader: DictReader) -> None:
        asked = ask("create", "selfsubjectaccessreviews", "", group="authorization.k8s.io")

        assert may(reader, JANE, asked)
        assert not may(reader, ANONYMOUS, asked)

    def test_nobody_anonymous_reads_cluster_info_without_the_role_that_kubeadm_makes(self, reader: DictReader) -> None:
        asked = ask("get", "configmaps", "kube-public", "cluster-info")
        assert not may(reader, ANONYMOUS, asked)

        give(
            reader,
            {"kind": "User", "name": "system:anonymous"},
            rule("get", "", "configmaps", "cluster-info"),
            namespace="kube-public",
        )

        assert may(reader, ANONYMOUS, asked)
        assert not may(reader, ANONYMOUS, ask("get", "configmaps", "kube-public", "other"))
        assert not may(reader, ANONYMOUS, ask("list", "configmaps", "kube-public"))

    @pytest.mark.parametrize(
        ("role", "asked", "allowed"),
        [
            ("view", ask("get", "pods/log"), True),
            ("view", ask("get", "secrets"), False),
            ("view", ask("create", "pods"), False),
            ("edit", ask("get", "secrets"), True),
            ("edit", ask("patch", "deployments", group="apps"), True),
            ("edit", ask("create", "rolebindings", group=RBAC), False),
            ("admin", ask("create", "rolebindings", group=RBAC), True),
            ("admin", ask("get", "pods/log"), True),
            ("admin", ask("get", "nodes", ""), False),
        ],
    )
    def test_view_edit_and_admin_hold_each_other(
        self, reader: DictReader, role: str, asked: Attributes, allowed: bool
    ) -> None:
        subjects = [{"kind": "User", "name": "jane"}]
        role_ref = {"apiGroup": RBAC, "kind": "ClusterRole", "name": role}
        metadata = named("b", "default")
        reader.put(RBAC, "rolebindings", {"metadata": metadata, "roleRef": role_ref, "subjects": subjects})

        assert may(reader, JANE, asked) is allowed


def pod(node: str, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": f"on-{node}", "namespace": "default"},
        "spec": {"nodeName": node, "serviceAccountName": "default", **spec},
    }


class TestKubelets:
    @pytest.mark.parametrize(
        ("asked", "allowed"),
        [
            (ask("get", "nodes", "", "n2"), True),
            (ask("patch", "nodes/status", "", "n1"), True),
            (ask("patch", "nodes/status", "", "n2"), False),
            (ask("delete", "nodes", "", "n1"), False),
            (ask("update", "leases", "kube-node-lease", "n1", "coordination.k8s.io"), True),
            (ask("update", "leases", "kube-node-lease", "n2", "coordination.k8s.io"), False),
            (ask("update", "leases", "default", "n1", "coordination.k8s.io"), False),
            (ask("list", "pods", ""), True),
            (ask("patch", "pods/status", name="on-n1"), True),
            (ask("patch", "pods/status", name="on-n2"), False),
            (ask("delete", "pods", name="on-n1"), True),
            (ask("delete", "pods", name="on-n2"), False),
            (ask("deletecollection", "pods"), False),
            (ask("delete", "pods", name="gone"), True),
            (ask("create", "certificatesigningrequests", "", group="certificates.k8s.io"), True),
            (ask("create", "events"), True),
            (ask("get", "secrets", name="unused"), False),
            (ask("list", "secrets"), False),
            (ask("create", "serviceaccounts/token", name="default"), True),
            (ask("create", "serviceaccounts/token", name="other"), False),
            (ask("create", "deployments", group="apps"), False),
        ],
    )
    def test_change_their_own_alone(self, reader: DictReader, asked: Attributes, allowed: bool) -> None:
        reader.put("", "pods", pod("n1"))
        reader.put("", "pods", pod("n2", serviceAccountName="other"))

        assert may(reader, KUBELET, asked) is allowed

    @pytest.mark.parametrize(
        ("spec", "asked"),
        [
            ({"volumes": [{"secret": {"secretName": "s"}}]}, ask("get", "secrets", name="s")),
            ({"volumes": [{"configMap": {"name": "c"}}]}, ask("get", "configmaps", name="c")),
            ({"volumes": [{"projected": {"sources": [{"secret": {"name": "s"}}]}}]}, ask("get", "secrets", name="s")),
            ({"imagePullSecrets": [{"name": "s"}]}, ask("get", "secrets", name="s")),
            ({"containers": [{"envFrom": [{"secretRef": {"name": "s"}}]}]}, ask("watch", "secrets", name="s")),
            (
                {"initContainers": [{"env": [{"valueFrom": {"configMapKeyRef": {"name": "c"}}}]}]},
                ask("get", "configmaps", name="c"),
            ),
        ],
    )
    def test_read_what_their_pods_use(self, reader: DictReader, spec: dict[str, Any], asked: Attributes) -> None:
        reader.put("", "pods", pod("n1", **spec))

        assert may(reader, KUBELET, asked)
        assert not may(reader, UserInfo(name="system:node:n2", groups=KUBELET.groups), asked)

    def test_may_be_given_more_by_roles_but_never_what_is_of_others(self, reader: DictReader) -> None:
        give(reader, {"kind": "Group", "name": "system:nodes"}, rule("*", "", "*"))

        assert may(reader, KUBELET, ask("get", "configmaps", "kube-system", "kubeadm-config"))
        assert not may(reader, KUBELET, ask("patch", "nodes", "", "n2"))

    def test_are_known_by_group_and_name(self, reader: DictReader) -> None:
        asked = ask("patch", "nodes/status", "", "n1")

        assert not may(reader, UserInfo(name="system:node:n1", groups=("system:authenticated",)), asked)
        assert not may(reader, UserInfo(name="n1", groups=("system:nodes",)), asked)
