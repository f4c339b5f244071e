"""Who one is and what one may do, as kubectl, service accounts and joining kubelets see it on a running server."""

import base64
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.apiserver.conftest import Api, Kubectl

from kubecapy.apiserver.pki import LocalPki
from kubecapy.apiserver.serve import ApiServer
from kubecapy.clock import SystemClock

RBAC = "/apis/rbac.authorization.k8s.io/v1"
CSRS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
KUBELET_SIGNER = "kubernetes.io/kube-apiserver-client-kubelet"


@asynccontextmanager
async def client(
    server: ApiServer, pki: LocalPki, *, token: str = "", certificate: tuple[Path, Path] | None = None
) -> AsyncIterator[Api]:
    """Open an `Api` for somebody: the bearer of a token or a certificate, or nobody."""
    context = ssl.create_default_context(cafile=pki.ca_certificate)
    if certificate is not None:
        context.load_cert_chain(*certificate)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        yield Api(session, server.url)


def role_binding(name: str, subject: dict[str, Any], *, kind: str = "ClusterRole", role: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
        "subjects": [subject],
    }


async def account_token(api: Api, name: str, namespace: str = "default") -> str:
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    await api.create(accounts, {"metadata": {"name": name}})
    request = await api.create(f"{accounts}/{name}/token", {"spec": {"expirationSeconds": 600}})
    return str(request["status"]["token"])


class TestKubectl:
    async def test_auth_whoami_names_user_and_groups(self, kubectl: Kubectl) -> None:
        me = json.loads(await kubectl("auth", "whoami", "-o", "json"))["status"]["userInfo"]

        (fingerprint,) = me.pop("extra")["authentication.kubernetes.io/credential-id"]
        assert me == {"username": "kubernetes-admin", "groups": ["system:masters", "system:authenticated"]}
        assert fingerprint.startswith("X509SHA256=")

    async def test_auth_can_i_says_yes_and_no(self, server: ApiServer, api: Api, kubectl: Kubectl) -> None:
        token = await account_token(api, "viewer")
        subject = {"kind": "ServiceAccount", "name": "viewer", "namespace": "default"}
        await api.create(f"{RBAC}/namespaces/default/rolebindings", role_binding("view", subject, role="view"))
        viewer = kubectl.with_environment(KUBECONFIG=_token_kubeconfig(kubectl, token))

        assert await kubectl("auth", "can-i", "*", "*") == "yes"
        assert await viewer("auth", "can-i", "get", "pods") == "yes"
        assert (await viewer.run("auth", "can-i", "delete", "pods")).out.strip() == "no"
        assert (await viewer.run("auth", "can-i", "get", "pods", "-n", "kube-system")).out.strip() == "no"
        listed = await viewer("auth", "can-i", "--list")
        assert any(line.startswith("pods/log") and "[get list watch]" in line for line in listed.splitlines())

    async def test_create_token_gives_a_token_that_the_server_accepts(
        self, server: ApiServer, pki: LocalPki, kubectl: Kubectl
    ) -> None:
        await kubectl("create", "sa", "robot")
        token = await kubectl("create", "token", "robot")

        async with client(server, pki, token=token) as robot:
            me = await robot.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", {})

        assert me["status"]["userInfo"]["username"] == "system:serviceaccount:default:robot"

    async def test_a_refusal_reads_as_from_a_real_server(self, api: Api, kubectl: Kubectl) -> None:
        token = await account_token(api, "nobody")
        nobody = kubectl.with_environment(KUBECONFIG=_token_kubeconfig(kubectl, token))

        refused = await nobody.run("get", "nodes")

        assert refused.err.strip() == (
            'Error from server (Forbidden): nodes is forbidden: User "system:serviceaccount:default:nobody" '
            'cannot list resource "nodes" in API group "" at the cluster scope'
        )


def _token_kubeconfig(kubectl: Kubectl, token: str) -> str:
    """Write a kubeconfig beside the administrator's that differs in its credentials; return its path."""
    path = Path(kubectl.environment["KUBECONFIG"])
    config = yaml.safe_load(path.read_text())
    config["users"][0]["user"] = {"token": token}
    other = path.with_name(f"kubeconfig-{abs(hash(token))}")
    other.write_text(yaml.safe_dump(config))
    return str(other)


class TestStrangers:
    async def test_read_health_and_version_alone(self, server: ApiServer, pki: LocalPki) -> None:
        async with client(server, pki) as stranger:
            assert {(await stranger("GET", path)).status for path in ("/healthz", "/readyz", "/version")} == {200}
            refused = await stranger("GET", "/api/v1/namespaces/default/pods")

        assert (refused.status, refused.body["reason"]) == (403, "Forbidden")
        assert refused.body["message"].startswith('pods is forbidden: User "system:anonymous" cannot list')

    async def test_read_cluster_info_once_it_is_made_public(self, server: ApiServer, pki: LocalPki, api: Api) -> None:
        path = "/api/v1/namespaces/kube-public/configmaps"
        await api.create(path, {"metadata": {"name": "cluster-info"}, "data": {"kubeconfig": "x"}})
        rule = {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["cluster-info"], "verbs": ["get"]}
        name = "kubeadm:bootstrap-signer-clusterinfo"
        public = f"{RBAC}/namespaces/kube-public"
        await api.create(f"{public}/roles", {"metadata": {"name": name}, "rules": [rule]})
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "system:anonymous"}
        await api.create(f"{public}/rolebindings", role_binding(name, subject, kind="Role", role=name))

        async with client(server, pki) as stranger:
            assert (await stranger.get(f"{path}/cluster-info"))["data"] == {"kubeconfig": "x"}
            assert (await stranger("GET", path)).status == 403

    async def test_with_a_wrong_token_are_told_nothing(self, server: ApiServer, pki: LocalPki) -> None:
        async with client(server, pki, token="abcdef.0123456789abcdef") as stranger:
            refused = await stranger("GET", "/version")

        assert (refused.status, refused.body["message"]) == (401, "Unauthorized")


def signing_request(user: str, *groups: str, key: ec.EllipticCurvePrivateKey | None = None) -> str:
    organizations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    subject = x509.Name([*organizations, x509.NameAttribute(NameOID.COMMON_NAME, user)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    signed = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return base64.b64encode(signed.public_bytes(serialization.Encoding.PEM)).decode()


def csr(name: str, pem: str, **spec: Any) -> dict[str, Any]:
    wish = {"request": pem, "signerName": KUBELET_SIGNER, "usages": ["digital signature", "client auth"]}
    return {"metadata": {"name": name}, "spec": {**wish, **spec}}


async def make_bootstrap_token(api: Api) -> str:
    data = {
        "token-id": "abcdef",
        "token-secret": "0123456789abcdef",
        "usage-bootstrap-authentication": "true",
        "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
    }
    secret = {
        "metadata": {"name": "bootstrap-token-abcdef"},
        "type": "bootstrap.kubernetes.io/token",
        "stringData": data,
    }
    await api.create("/api/v1/namespaces/kube-system/secrets", secret)
    subject = {"kind": "Group", "name": "system:bootstrappers:kubeadm:default-node-token"}
    binding = role_binding("kubeadm:kubelet-bootstrap", subject, role="system:node-bootstrapper")
    await api.create(f"{RBAC}/clusterrolebindings", binding)
    return "abcdef.0123456789abcdef"


def sign(pki: LocalPki, request: str) -> str:
    """Sign as a controller manager does, and return the certificate as a CSR's status carries it."""
    authority = x509.load_pem_x509_certificate(pki.ca_certificate.read_bytes())
    key = serialization.load_pem_private_key(pki.ca_key.read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    wished = x509.load_pem_x509_csr(base64.b64decode(request))
    now = SystemClock().now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(wished.subject)
        .issuer_name(authority.subject)
        .public_key(wished.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.PEM)).decode()


class TestJoiningKubelet:
    async def test_gets_its_certificate_and_is_its_node_from_then_on(
        self, server: ApiServer, pki: LocalPki, api: Api, kubectl: Kubectl, tmp_path: Path
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        request = signing_request("system:node:n1", "system:nodes", key=key)
        async with client(server, pki, token=await make_bootstrap_token(api)) as joining:
            made = await joining.create(CSRS, csr("node-csr-1", request, username="root", groups=["system:masters"]))
            refused = await joining("GET", "/api/v1/nodes")
        assert made["spec"]["username"] == "system:bootstrap:abcdef"
        assert made["spec"]["groups"] == [
            "system:bootstrappers",
            "system:bootstrappers:kubeadm:default-node-token",
            "system:authenticated",
        ]
        assert refused.status == 403

        assert await kubectl("certificate", "approve", "node-csr-1") == (
            "certificatesigningrequest.certificates.k8s.io/node-csr-1 approved"
        )
        status = {"status": {"certificate": sign(pki, request)}}
        signed = await api.merge(f"{CSRS}/node-csr-1/status", status)
        assert [condition["type"] for condition in signed["status"]["conditions"]] == ["Approved"]
        assert (await kubectl.run("get", "csr")).rows[1][-1] == "Approved,Issued"

        files = (tmp_path / "kubelet.crt", tmp_path / "kubelet.key")
        files[0].write_bytes(base64.b64decode(signed["status"]["certificate"]))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        async with client(server, pki, certificate=files) as kubelet:
            node = await kubelet.create("/api/v1/nodes", {"metadata": {"name": "n1"}})
            await kubelet.merge("/api/v1/nodes/n1/status", {"status": {"capacity": {"cpu": "1"}}})
            other = await kubelet("POST", "/api/v1/nodes", {"metadata": {"name": "n2"}})
            leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
            await kubelet.create(leases, {"metadata": {"name": "n1"}, "spec": {"holderIdentity": "n1"}})
            other_lease = await kubelet("POST", leases, {"metadata": {"name": "n2"}})
            pod = {"metadata": {"name": "p"}, "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "i"}]}}
            no_mirror = await kubelet("POST", "/api/v1/namespaces/kube-system/pods", pod)
            pod["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
            owner = {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": node["metadata"]["uid"]}
            pod["metadata"]["ownerReferences"] = [owner | {"controller": True}]
            await kubelet.create("/api/v1/namespaces/kube-system/pods", pod)

        assert other.body["message"].endswith('node "n1" is not allowed to create node "n2"')
        assert other_lease.status == no_mirror.status == 403

    async def test_cannot_approve_itself(self, server: ApiServer, pki: LocalPki, api: Api) -> None:
        approved = {"status": {"conditions": [{"type": "Approved", "status": "True", "reason": "x"}]}}
        async with client(server, pki, token=await make_bootstrap_token(api)) as joining:
            await joining.create(CSRS, csr("c", signing_request("system:node:n1", "system:nodes")))
            answers = [
                await joining("PATCH", f"{CSRS}/c/{part}", approved, type_="application/merge-patch+json")
                for part in ("approval", "status")
            ]

        assert [answer.status for answer in answers] == [403, 403]


class TestSigningRequests:
    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"request": "bm90aGluZw=="}, "spec.request"),
            ({"usages": []}, "spec.usages"),
            ({"usages": ["world domination"]}, "spec.usages[0]"),
            ({"signerName": "nowhere"}, "spec.signerName"),
            ({"expirationSeconds": 5}, "spec.expirationSeconds"),
        ],
    )
    async def test_with_a_wrong_field_are_refused(self, api: Api, change: dict[str, Any], field: str) -> None:
        refused = await api("POST", CSRS, csr("c", signing_request("u"), **change))

        assert refused.status == 422
        assert [cause["field"] for cause in refused.body["details"]["causes"]] == [field]

    async def test_for_administrators_are_refused(self, api: Api) -> None:
        wish = csr("c", signing_request("u", "system:masters"), signerName="kubernetes.io/kube-apiserver-client")

        refused = await api("POST", CSRS, wish)

        assert (refused.status, refused.body["reason"]) == (403, "Forbidden")

    async def test_keep_their_wish_and_their_decision(self, api: Api, kubectl: Kubectl) -> None:
        await api.create(CSRS, csr("c", signing_request("u")))
        await kubectl("certificate", "deny", "c")

        changed = await api.merge(f"{CSRS}/c", {"spec": {"signerName": "example.com/mine"}})
        both = await api(
            "PATCH",
            f"{CSRS}/c/approval",
            {"status": {"conditions": [{"type": "Approved", "status": "True"}]}},
            type_="application/merge-patch+json",
        )
        emptied = await api("PATCH", f"{CSRS}/c/status", {"status": None}, type_="application/merge-patch+json")

        assert changed["spec"]["signerName"] == KUBELET_SIGNER
        assert both.status == 422
        assert 'may not remove a condition of type "Denied"' in both.body["message"]
        assert 'may not remove a condition of type "Denied"' in emptied.body["message"]

    async def test_are_signed_by_those_who_may_for_the_signer(self, server: ApiServer, pki: LocalPki, api: Api) -> None:
        await api.create(CSRS, csr("c", signing_request("u"), signerName="example.com/mine"))
        token = await account_token(api, "signer")
        rules = [
            {
                "apiGroups": ["certificates.k8s.io"],
                "resources": ["certificatesigningrequests/status", "certificatesigningrequests/approval"],
                "verbs": ["update", "patch"],
            },
            {
                "apiGroups": ["certificates.k8s.io"],
                "resources": ["signers"],
                "resourceNames": ["example.com/*"],
                "verbs": ["sign"],
            },
        ]
        await api.create(f"{RBAC}/clusterroles", {"metadata": {"name": "s"}, "rules": rules})
        subject = {"kind": "ServiceAccount", "name": "signer", "namespace": "default"}
        await api.create(f"{RBAC}/clusterrolebindings", role_binding("s", subject, role="s"))

        async with client(server, pki, token=token) as signer:
            certificate = base64.b64encode(pki.ca_certificate.read_bytes()).decode()
            await signer.merge(f"{CSRS}/c/status", {"status": {"certificate": certificate}})
            refused = await signer(
                "PATCH",
                f"{CSRS}/c/approval",
                {"status": {"conditions": [{"type": "Approved", "status": "True"}]}},
                type_="application/merge-patch+json",
            )

        assert refused.body["message"] == (
            'certificatesigningrequests.certificates.k8s.io "c" is forbidden: '
            'user not permitted to approve requests with signerName "example.com/mine"'
        )


class TestTokens:
    async def test_end_with_the_pod_that_they_are_bound_to(self, server: ApiServer, pki: LocalPki, api: Api) -> None:
        pods = "/api/v1/namespaces/default/pods"
        pod = await api.create(pods, {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}})
        reference = {"kind": "Pod", "apiVersion": "v1", "name": "p", "uid": pod["metadata"]["uid"]}
        request = {"spec": {"boundObjectRef": reference, "audiences": []}}
        answer = await api.create("/api/v1/namespaces/default/serviceaccounts/default/token", request)
        reviews = "/apis/authentication.k8s.io/v1/selfsubjectreviews"

        async with client(server, pki, token=answer["status"]["token"]) as bearer:
            me = await bearer.create(reviews, {})
            await api.delete(f"{pods}/p")
            await api.gone(f"{pods}/p")
            after = await bearer("POST", reviews, {})

        assert me["status"]["userInfo"]["extra"]["authentication.kubernetes.io/pod-name"] == ["p"]
        assert after.status == 401

    @pytest.mark.parametrize(
        ("spec", "status", "words"),
        [
            ({"expirationSeconds": 5}, 422, "may not specify a duration less than 10 minutes"),
            ({"expirationSeconds": "long"}, 400, "spec.expirationSeconds"),
            ({"boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": "none"}}, 404, 'pods "none" not found'),
            ({"boundObjectRef": {"kind": "ConfigMap", "apiVersion": "v1", "name": "x"}}, 400, "object of type"),
        ],
    )
    async def test_asked_for_wrongly_are_refused(self, api: Api, spec: dict[str, Any], status: int, words: str) -> None:
        refused = await api("POST", "/api/v1/namespaces/default/serviceaccounts/default/token", {"spec": spec})

        assert refused.status == status
        assert words in refused.body["message"]

    async def test_for_another_audience_are_reviewed_but_not_accepted(
        self, server: ApiServer, pki: LocalPki, api: Api
    ) -> None:
        path = "/api/v1/namespaces/default/serviceaccounts/default/token"
        answer = await api.create(path, {"spec": {"audiences": ["vault"]}})
        token = answer["status"]["token"]
        reviews = "/apis/authentication.k8s.io/v1/tokenreviews"

        async with client(server, pki, token=token) as bearer:
            assert (await bearer("GET", "/version")).status == 401
        for_vault = await api.create(reviews, {"spec": {"token": token, "audiences": ["vault", "other"]}})
        for_us = await api.create(reviews, {"spec": {"token": token}})

        assert for_vault["status"]["audiences"] == ["vault"]
        assert for_vault["status"]["user"]["username"] == "system:serviceaccount:default:default"
        assert "authenticated" not in for_us["status"]
        assert 'token audiences ["vault"] is invalid for the target audiences' in for_us["status"]["error"]
        # As there, the question is repeated: its sender has the token.
        assert for_us["spec"] == {"token": token}


class TestReviews:
    async def test_of_somebody_else_answer_for_that_one(self, api: Api) -> None:
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        question = {"resourceAttributes": {"verb": "list", "resource": "nodes"}}

        for_masters = await api.create(path, {"spec": {**question, "user": "x", "groups": ["system:masters"]}})
        for_nobody = await api.create(path, {"spec": {**question, "user": "x"}})

        assert for_masters["status"] == {"allowed": True}
        assert for_nobody["status"] == {"allowed": False}

    @pytest.mark.parametrize(
        ("kind", "spec", "field"),
        [
            ("selfsubjectaccessreviews", {}, "spec.resourceAttributes"),
            ("subjectaccessreviews", {"nonResourceAttributes": {"path": "/", "verb": "get"}}, "spec.user"),
        ],
    )
    async def test_that_ask_nothing_are_refused(self, api: Api, kind: str, spec: dict[str, Any], field: str) -> None:
        refused = await api("POST", f"/apis/authorization.k8s.io/v1/{kind}", {"spec": spec})

        assert refused.status == 422
        assert refused.body["details"]["causes"][0]["field"] == field

    async def test_ask_about_paths_too(self, api: Api) -> None:
        question = {"spec": {"user": "jane", "nonResourceAttributes": {"path": "/metrics", "verb": "get"}}}

        answer = await api.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", question)

        assert answer["status"] == {"allowed": False}


class TestGrants:
    @pytest.fixture
    async def admin_of_default(self, server: ApiServer, pki: LocalPki, api: Api) -> AsyncIterator[Api]:
        """Open a client that administers namespace default and nothing else."""
        token = await account_token(api, "boss")
        subject = {"kind": "ServiceAccount", "name": "boss", "namespace": "default"}
        await api.create(f"{RBAC}/namespaces/default/rolebindings", role_binding("boss", subject, role="admin"))
        async with client(server, pki, token=token) as made:
            yield made

    async def test_of_what_one_holds_are_accepted(self, admin_of_default: Api) -> None:
        roles = f"{RBAC}/namespaces/default"
        rule = {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]}
        subject = {"kind": "User", "name": "jane"}

        await admin_of_default.create(f"{roles}/roles", {"metadata": {"name": "r"}, "rules": [rule]})
        binding = role_binding("b", subject, kind="Role", role="r")
        await admin_of_default.create(f"{roles}/rolebindings", binding)

    async def test_of_more_than_one_holds_are_refused(self, admin_of_default: Api) -> None:
        roles = f"{RBAC}/namespaces/default"
        rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
        subject = {"kind": "User", "name": "jane"}

        role = await admin_of_default("POST", f"{roles}/roles", {"metadata": {"name": "r"}, "rules": [rule]})
        binding = await admin_of_default(
            "POST", f"{roles}/rolebindings", role_binding("b", subject, role="cluster-admin")
        )
        absent = await admin_of_default("POST", f"{roles}/rolebindings", role_binding("b", subject, role="nowhere"))

        assert (role.status, binding.status, absent.status) == (403, 403, 404)
        assert role.body["message"] == (
            'roles.rbac.authorization.k8s.io "r" is forbidden: user "system:serviceaccount:default:boss" '
            '(groups=["system:serviceaccounts" "system:serviceaccounts:default" "system:authenticated"]) '
            "is attempting to grant RBAC permissions not currently held:\n"
            '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}'
        )
        assert 'rolebindings.rbac.authorization.k8s.io "nowhere" not found' in absent.body["message"]

    async def test_may_be_bound_with_the_verb_for_it(self, admin_of_default: Api, api: Api) -> None:
        rule = {
            "apiGroups": ["rbac.authorization.k8s.io"],
            "resources": ["clusterroles"],
            "resourceNames": ["cluster-admin"],
            "verbs": ["bind"],
        }
        await api.create(f"{RBAC}/clusterroles", {"metadata": {"name": "binder"}, "rules": [rule]})
        boss = {"kind": "ServiceAccount", "name": "boss", "namespace": "default"}
        await api.create(f"{RBAC}/namespaces/default/rolebindings", role_binding("binder", boss, role="binder"))

        given = role_binding("b", {"kind": "User", "name": "jane"}, role="cluster-admin")
        await admin_of_default.create(f"{RBAC}/namespaces/default/rolebindings", given)
