"""Reviews of access: who may do what, by which rule, and what cannot be asked."""

from typing import Any

import pytest
from tests.conformance.rights import RBAC, account, bind, eventually, group_of_users, user
from tests.conformance.statuses import failure
from tests.raw_api import Api, Reply

GROUP = "authorization.k8s.io"
REVIEWS = f"/apis/{GROUP}/v1"
SELF, SUBJECT, LOCAL, RULES = (
    "SelfSubjectAccessReview",
    "SubjectAccessReview",
    "LocalSubjectAccessReview",
    "SelfSubjectRulesReview",
)
PODS = {"verb": "get", "resource": "pods"}


async def ask(
    api: Api, kind: str, spec: Any, *, namespace: str = "", headers: dict[str, str] | None = None, **parts: Any
) -> Reply:
    """Send a review; the reply comes without the field owners that a real server writes."""
    place = f"namespaces/{namespace}/" if kind == LOCAL else ""
    body = {"apiVersion": f"{GROUP}/v1", "kind": kind, "spec": spec, **parts}
    reply = await api("POST", f"{REVIEWS}/{place}{kind.lower()}s", body, headers=headers)
    reply.body["metadata"].pop("managedFields", None)
    return reply


def review(kind: str, spec: Any, *, allowed: bool, reason: str = "", **metadata: str) -> tuple[int, Any]:
    status = {"allowed": allowed, "reason": reason} if reason else {"allowed": allowed}
    return 201, {
        "apiVersion": f"{GROUP}/v1",
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
        "status": status,
    }


def refusal(*causes: tuple[str, str, str]) -> tuple[int, Any]:
    """Return the whole reply to a review that cannot be asked; it names no kind."""
    listed = ", ".join(f"{field}: {message}" for _, field, message in causes)
    whole = f"[{listed}]" if len(causes) > 1 else listed
    details = {
        "group": GROUP,
        "causes": [{"reason": reason, "message": message, "field": field} for reason, field, message in causes],
    }
    return 422, failure(422, "Invalid", f'.{GROUP} "" is invalid: {whole}', details)


@pytest.fixture
async def viewers(api: Api, namespace: str) -> str:
    """Let Jane, the group `readers` and the account `robot` view the namespace; return it."""
    await bind(api, namespace, "jane", "ClusterRole", "view", user("jane"))
    await bind(api, namespace, "readers", "ClusterRole", "view", group_of_users("readers"))
    await bind(api, namespace, "robot", "ClusterRole", "view", account("robot", namespace))
    return namespace


@pytest.mark.parametrize(
    ("subject", "who"),
    [
        ({"user": "jane"}, ("jane", 'User "jane"')),
        ({"groups": ["readers"]}, ("readers", 'Group "readers"')),
        ({"user": "joe", "groups": ["x", "readers"], "uid": "7"}, ("readers", 'Group "readers"')),
        ({"user": "system:serviceaccount:{0}:robot"}, ("robot", 'ServiceAccount "robot/{0}"')),
    ],
)
@pytest.mark.parametrize("kind", [SUBJECT, LOCAL])
async def test_the_answer_names_binding_role_and_subject(
    api: Api, viewers: str, kind: str, subject: dict[str, Any], who: tuple[str, str]
) -> None:
    named = {**subject, "user": subject["user"].format(viewers)} if "user" in subject else subject
    spec = {"resourceAttributes": {**PODS, "namespace": viewers}, **named}
    binding, described = who
    reason = f'RBAC: allowed by RoleBinding "{binding}/{viewers}" of ClusterRole "view" to {described.format(viewers)}'
    metadata = {"namespace": viewers} if kind == LOCAL else {}

    expected = review(kind, spec, allowed=True, reason=reason, **metadata)
    await eventually(lambda: ask(api, kind, spec, namespace=viewers), expected)


@pytest.mark.parametrize(
    "wish",
    [
        {"verb": "delete", "resource": "pods", "namespace": "{0}"},
        {"verb": "get", "resource": "secrets", "namespace": "{0}"},
        {"verb": "get", "resource": "pods", "namespace": ""},
        {"verb": "get", "resource": "pods", "namespace": "default"},
        {"verb": "*", "resource": "*", "group": "*", "namespace": "{0}"},
        {"verb": "get", "resource": "pods", "group": "apps", "namespace": "{0}"},
        {"verb": "create", "resource": "pods", "subresource": "exec", "name": "x", "version": "v1", "namespace": "{0}"},
        {},
    ],
)
async def test_what_no_rule_allows_is_answered_without_a_reason(api: Api, viewers: str, wish: dict[str, str]) -> None:
    asked = {name: value.format(viewers) for name, value in wish.items() if value}
    for kind, spec in (
        (SELF, {"resourceAttributes": asked}),
        (SUBJECT, {"resourceAttributes": asked, "user": "jane"}),
    ):
        headers = {"Impersonate-User": "jane"} if kind == SELF else {}
        reply = await ask(api, kind, spec, headers=headers)

        assert (reply.status, reply.body) == review(kind, spec, allowed=False)


async def test_whoever_acts_as_another_asks_about_the_other(api: Api, viewers: str) -> None:
    spec = {"resourceAttributes": {**PODS, "namespace": viewers}}
    reason = f'RBAC: allowed by RoleBinding "jane/{viewers}" of ClusterRole "view" to User "jane"'

    async def ask_as_jane() -> Reply:
        return await ask(api, SELF, spec, headers={"Impersonate-User": "jane"})

    await eventually(ask_as_jane, review(SELF, spec, allowed=True, reason=reason))


@pytest.mark.parametrize(
    "wish",
    [
        {"resourceAttributes": {"verb": "*", "group": "*", "resource": "*"}},
        {"nonResourceAttributes": {"verb": "*", "path": "*"}},
    ],
)
async def test_masters_may_do_everything_by_no_rule(api: Api, wish: dict[str, Any]) -> None:
    reply = await ask(api, SELF, wish)
    assert (reply.status, reply.body) == review(SELF, wish, allowed=True)

    spec = {**wish, "user": "x", "groups": ["system:masters"]}
    reply = await ask(api, SUBJECT, spec)
    assert (reply.status, reply.body) == review(SUBJECT, spec, allowed=True)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (
            "/apis/anything",
            (
                'RBAC: allowed by ClusterRoleBinding "system:discovery" of ClusterRole "system:discovery" '
                'to Group "system:authenticated"'
            ),
        ),
        ("/metrics", ""),
        ("/healthz/etcd", ""),
    ],
)
async def test_paths_are_allowed_by_rules_of_their_own(api: Api, path: str, reason: str) -> None:
    spec = {"nonResourceAttributes": {"path": path, "verb": "get"}}

    reply = await ask(api, SELF, spec, headers={"Impersonate-User": "jane"})

    assert (reply.status, reply.body) == review(SELF, spec, allowed=bool(reason), reason=reason)


async def test_roles_that_are_missing_are_the_reason(api: Api, namespace: str) -> None:
    await bind(api, namespace, "one", "Role", "absent", group_of_users("lost"))
    spec = {"resourceAttributes": {**PODS, "namespace": namespace}, "groups": ["lost"]}

    one = 'role.rbac.authorization.k8s.io "absent" not found'
    await eventually(lambda: ask(api, SUBJECT, spec), review(SUBJECT, spec, allowed=False, reason=f"RBAC: {one}"))


EITHER = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
PATH = {"path": "/healthz", "verb": "get"}
SELECTOR = "spec.resourceAttributes.fieldSelector"


@pytest.mark.parametrize(
    ("spec", "causes"),
    [
        ({}, [("FieldValueInvalid", "spec.resourceAttributes", f"Invalid value: null: {EITHER}")]),
        (
            {"resourceAttributes": PODS, "nonResourceAttributes": PATH},
            [
                (
                    "FieldValueInvalid",
                    "spec.nonResourceAttributes",
                    (
                        'Invalid value: {"Path":"/healthz","Verb":"get"}: '
                        "cannot be specified in combination with resourceAttributes"
                    ),
                )
            ],
        ),
        (
            {"resourceAttributes": {**PODS, "fieldSelector": {}}},
            [
                (
                    "FieldValueRequired",
                    f"{SELECTOR}.requirements",
                    f"Required value: when {SELECTOR} is specified, requirements or rawSelector is required",
                )
            ],
        ),
        (
            {
                "resourceAttributes": {
                    **PODS,
                    "fieldSelector": {
                        "rawSelector": "a=b",
                        "requirements": [
                            {"key": "", "operator": "In"},
                            {"key": "a", "operator": "Exists", "values": ["x"]},
                        ],
                    },
                }
            },
            [
                (
                    "FieldValueInvalid",
                    f"{SELECTOR}.rawSelector",
                    'Invalid value: "a=b": may not specified at the same time as requirements',
                ),
                ("FieldValueRequired", f"{SELECTOR}.requirements[0].key", "Required value: must be specified"),
                (
                    "FieldValueRequired",
                    f"{SELECTOR}.requirements[0].values",
                    "Required value: must be specified when `operator` is 'In' or 'NotIn'",
                ),
                (
                    "FieldValueForbidden",
                    f"{SELECTOR}.requirements[1].values",
                    "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                ),
            ],
        ),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_its_cause(
    api: Api, spec: Any, causes: list[tuple[str, str, str]]
) -> None:
    for kind, subject in ((SELF, {}), (SUBJECT, {"user": "jane"})):
        reply = await ask(api, kind, {**spec, **subject})

        assert (reply.status, reply.body) == refusal(*causes)


async def test_a_review_of_nobody_is_refused(api: Api) -> None:
    nobody = ("FieldValueInvalid", "spec.user", 'Invalid value: "": at least one of user or group must be specified')
    nothing = ("FieldValueInvalid", "spec.resourceAttributes", f"Invalid value: null: {EITHER}")

    reply = await ask(api, SUBJECT, {"resourceAttributes": PODS})
    assert (reply.status, reply.body) == refusal(nobody)
    reply = await ask(api, SUBJECT, {})
    assert (reply.status, reply.body) == refusal(nothing, nobody)


async def test_a_review_has_no_name(api: Api, namespace: str) -> None:
    for kind, rule in ((SUBJECT, "must be empty"), (LOCAL, "must be empty except for namespace")):
        spec = {"resourceAttributes": {**PODS, "namespace": namespace}, "user": "jane"}
        reply = await ask(api, kind, spec, namespace=namespace, metadata={"name": "x"})

        (cause,) = reply.body["details"]["causes"]
        assert (reply.status, cause["field"], cause["reason"]) == (422, "metadata", "FieldValueInvalid")
        assert cause["message"].startswith('Invalid value: {"name":"x"')
        assert cause["message"].endswith(f"}}: {rule}")


@pytest.mark.parametrize("other", ["default", ""])
async def test_a_local_review_is_about_its_own_namespace(api: Api, namespace: str, other: str) -> None:
    spec = {"resourceAttributes": {**PODS, "namespace": other}, "user": "jane"}

    reply = await ask(api, LOCAL, spec, namespace=namespace)

    field = "spec.resourceAttributes.namespace"
    cause = ("FieldValueInvalid", field, f'Invalid value: "{other}": must match metadata.namespace')
    assert (reply.status, reply.body) == refusal(cause)


async def test_a_local_review_is_sent_where_it_says(api: Api, namespace: str) -> None:
    spec = {"resourceAttributes": {**PODS, "namespace": namespace}, "user": "jane"}

    reply = await ask(api, LOCAL, spec, namespace=namespace, metadata={"namespace": "default"})

    message = "the namespace of the provided object does not match the namespace sent on the request"
    assert (reply.status, reply.body) == (400, failure(400, "BadRequest", message))


async def test_a_local_review_is_about_no_path(api: Api, namespace: str) -> None:
    reply = await ask(api, LOCAL, {"nonResourceAttributes": PATH, "user": "jane"}, namespace=namespace)

    message = 'Invalid value: {"Path":"/healthz","Verb":"get"}: disallowed on this kind of request'
    assert (reply.status, reply.body) == refusal(("FieldValueInvalid", "spec.nonResourceAttributes", message))


async def test_what_the_sender_says_of_the_answer_is_not_repeated(api: Api, namespace: str) -> None:
    spec = {"resourceAttributes": {**PODS, "namespace": namespace}}
    said = {"allowed": True, "reason": "so"}

    reply = await ask(api, SELF, spec, headers={"Impersonate-User": "nobody"}, status=said)

    assert (reply.status, reply.body) == review(SELF, spec, allowed=False)


async def test_reviews_are_not_kept(api: Api) -> None:
    message = "the server does not allow this method on the requested resource"
    reply = await api("GET", f"{REVIEWS}/selfsubjectaccessreviews")

    assert (reply.status, reply.body) == (405, failure(405, "MethodNotAllowed", message, {}))


def rules_of(reply: Reply) -> tuple[list[Any], list[Any]]:
    """Return what a SelfSubjectRulesReview says beyond what everybody may do."""
    everybody = ("selfsubjectaccessreviews", "selfsubjectreviews", "selfsubjectrulesreviews")
    status = reply.body["status"]
    resources = [rule for rule in status["resourceRules"] if not set(rule["resources"]) & set(everybody)]
    paths = [rule for rule in status["nonResourceRules"] if "/version" not in rule["nonResourceURLs"]]
    return resources, paths


async def test_own_rules_are_listed_for_a_namespace(api: Api, namespace: str) -> None:
    wide = {"apiGroups": ["", "apps"], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]}
    narrow = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["one"], "verbs": ["*"]}
    await api.create(f"{RBAC}/namespaces/{namespace}/roles", {"metadata": {"name": "r"}, "rules": [wide, narrow]})
    await bind(api, namespace, "r", "Role", "r", group_of_users("developers"))
    headers = {"Impersonate-User": "joe", "Impersonate-Group": "developers"}

    async def read_rules(place: str) -> Reply:
        reply = await ask(api, RULES, {"namespace": place}, headers=headers)
        whole = (reply.status, reply.body["spec"], reply.body["metadata"], reply.body["status"]["incomplete"])
        assert whole == (201, {}, {}, False)
        assert set(reply.body["status"]) == {"resourceRules", "nonResourceRules", "incomplete"}
        return Reply(reply.status, rules_of(reply), {})

    await eventually(lambda: read_rules(namespace), (201, ([wide, narrow], [])))
    await eventually(lambda: read_rules("default"), (201, ([], [])))


async def test_own_rules_are_those_of_a_namespace(api: Api) -> None:
    reply = await ask(api, RULES, {})

    assert (reply.status, reply.body) == (400, failure(400, "BadRequest", "no namespace on request"))


async def test_own_rules_say_which_roles_are_missing(api: Api, namespace: str) -> None:
    await bind(api, namespace, "lost", "Role", "absent", user("joe"))

    async def read_error() -> Reply:
        reply = await ask(api, RULES, {"namespace": namespace}, headers={"Impersonate-User": "joe"})
        return Reply(reply.status, reply.body["status"].get("evaluationError"), {})

    await eventually(read_error, (201, 'role.rbac.authorization.k8s.io "absent" not found'))


async def test_own_rules_of_a_kubelet_are_not_all_it_may_do(api: Api, namespace: str) -> None:
    headers = {"Impersonate-User": "system:node:n", "Impersonate-Group": "system:nodes"}

    reply = await ask(api, RULES, {"namespace": namespace}, headers=headers)

    assert rules_of(reply) == ([], [])
    assert reply.body["status"]["incomplete"] is True
    assert reply.body["status"]["evaluationError"] == "node authorizer does not support user rule resolution"


async def test_a_review_of_oneself_tells_who_one_is(api: Api) -> None:
    headers = {
        "Impersonate-User": "jane",
        "Impersonate-Group": "readers",
        "Impersonate-Uid": "7",
        "Impersonate-Extra-example.com%2fscope": "small",
    }
    reply = await api("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}, headers=headers)

    reply.body["metadata"].pop("managedFields", None)
    assert reply.body["metadata"].pop("creationTimestamp")
    who = {
        "username": "jane",
        "uid": "7",
        "groups": ["readers", "system:authenticated"],
        "extra": {"example.com/scope": ["small"]},
    }
    expected = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "SelfSubjectReview",
        "metadata": {},
        "status": {"userInfo": who},
    }
    assert (reply.status, reply.body) == (201, expected)
