"""Each kind of credential is accepted while it is good and refused without saying why."""

import base64
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from tests.apiserver.rules_reader import DictReader, SetClock

from kubecapy.apimachinery.errors import Unauthorized
from kubecapy.apiserver.authentication import Authenticator
from kubecapy.apiserver.authentication.service_account_tokens import (
    BoundObject,
    Claims,
    PrivateClaims,
    TokenSigner,
    TokenVerifier,
)
from kubecapy.apiserver.interfaces import UserInfo
from kubecapy.apiserver.pki import LocalPki, certificates, make_local_pki
from kubecapy.apiserver.pki.certificates import Profile
from kubecapy.apiserver.settings import ApiServerSettings

TOKEN = "abcdef.0123456789abcdef"


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def reader() -> DictReader:
    return DictReader()


@pytest.fixture
def pki(tmp_path: Path, clock: SetClock) -> LocalPki:
    return make_local_pki(tmp_path, ("127.0.0.1",), clock)


def settings_of(pki: LocalPki, **changes: Any) -> ApiServerSettings:
    return ApiServerSettings(
        serving_certificate=pki.serving_certificate,
        serving_key=pki.serving_key,
        service_account_signing_key=pki.service_account_key,
        service_account_public_key=pki.service_account_public_key,
        **changes,
    )


@pytest.fixture
def authenticator(pki: LocalPki, reader: DictReader, clock: SetClock) -> Authenticator:
    return Authenticator(settings_of(pki), reader, clock)


def bootstrap_secret(**changes: str | None) -> dict[str, Any]:
    data = {
        "token-id": "abcdef",
        "token-secret": "0123456789abcdef",
        "usage-bootstrap-authentication": "true",
        "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
        "expiration": "2024-05-01T13:00:00Z",
    }
    merged = {name.replace("_", "-"): value for name, value in changes.items()}
    chosen = {name: value for name, value in {**data, **merged}.items() if value is not None}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "bootstrap-token-abcdef", "namespace": "kube-system"},
        "type": "bootstrap.kubernetes.io/token",
        "data": {name: base64.b64encode(value.encode()).decode() for name, value in chosen.items()},
    }


class TestNothingOffered:
    def test_is_anonymous(self, authenticator: Authenticator) -> None:
        assert authenticator.authenticate(None, None) == UserInfo(
            name="system:anonymous", groups=("system:unauthenticated",)
        )

    @pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer ", ""])
    def test_another_scheme_or_an_empty_token_is_nothing(self, authenticator: Authenticator, header: str) -> None:
        assert authenticator.authenticate(None, header).name == "system:anonymous"

    def test_is_refused_where_anonymous_requests_are_off(
        self, pki: LocalPki, reader: DictReader, clock: SetClock
    ) -> None:
        strict = Authenticator(settings_of(pki, anonymous_auth=False), reader, clock)

        with pytest.raises(Unauthorized):
            strict.authenticate(None, None)


class TestClientCertificates:
    def test_name_user_and_groups(self, authenticator: Authenticator, clock: SetClock) -> None:
        authority = certificates.issue_authority("ca", clock.now())
        pair = certificates.issue(authority, Profile("jane", ("dev", "ops")), clock.now())
        der = pair.certificate.public_bytes(serialization.Encoding.DER)

        user = authenticator.authenticate(der, None)

        credential = f"X509SHA256={hashlib.sha256(der).hexdigest()}"
        assert user == UserInfo(
            name="jane",
            groups=("dev", "ops", "system:authenticated"),
            extra={"authentication.kubernetes.io/credential-id": (credential,)},
        )
        assert authenticator.authenticate(der, "Bearer wrong") == user

    def test_without_a_name_are_refused(self, authenticator: Authenticator, clock: SetClock) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "dev")])
        nameless = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(clock.now())
            .not_valid_after(clock.now() + timedelta(days=1))
            .sign(key, hashes.SHA256())
        )

        with pytest.raises(Unauthorized):
            authenticator.authenticate(nameless.public_bytes(serialization.Encoding.DER), None)


class TestBootstrapTokens:
    def test_are_the_joining_host(self, authenticator: Authenticator, reader: DictReader) -> None:
        reader.put("", "secrets", bootstrap_secret())

        assert authenticator.authenticate(None, f"Bearer {TOKEN}") == UserInfo(
            name="system:bootstrap:abcdef",
            groups=(
                "system:bootstrappers",
                "system:bootstrappers:kubeadm:default-node-token",
                "system:authenticated",
            ),
        )

    @pytest.mark.parametrize(
        ("changes", "cause"),
        [
            ({"token_secret": "0123456789abcdee"}, "has another secret"),
            ({"token_secret": None}, "has another secret"),
            ({"token_id": "abcdeg"}, "holds another token-id"),
            ({"expiration": "2024-05-01T12:00:00Z"}, "expired"),
            ({"expiration": "soon"}, "unreadable expiration"),
            ({"usage_bootstrap_authentication": None}, "not meant for authentication"),
            ({"auth_extra_groups": "system:masters"}, "does not begin with"),
        ],
    )
    def test_that_do_not_fit_their_secret_are_refused(
        self, authenticator: Authenticator, reader: DictReader, changes: dict[str, str | None], cause: str
    ) -> None:
        reader.put("", "secrets", bootstrap_secret(**changes))

        with pytest.raises(Unauthorized, match=r"^Unauthorized$") as refusal:
            authenticator.authenticate(None, f"Bearer {TOKEN}")

        assert cause in str(refusal.value.__cause__)
        assert "0123456789" not in str(refusal.value.__cause__)

    def test_of_a_secret_of_another_type_or_under_deletion_are_refused(
        self, authenticator: Authenticator, reader: DictReader
    ) -> None:
        opaque = {**bootstrap_secret(), "type": "Opaque"}
        leaving = bootstrap_secret()
        leaving["metadata"]["deletionTimestamp"] = "2024-05-01T11:00:00Z"

        for secret in (opaque, leaving):
            reader.put("", "secrets", secret)
            with pytest.raises(Unauthorized):
                authenticator.authenticate(None, f"Bearer {TOKEN}")

    def test_without_expiration_last(self, authenticator: Authenticator, reader: DictReader, clock: SetClock) -> None:
        reader.put("", "secrets", bootstrap_secret(expiration=None))
        clock.moment += timedelta(days=9999)

        assert authenticator.authenticate(None, f"Bearer {TOKEN}").name == "system:bootstrap:abcdef"

    def test_are_no_credential_where_the_settings_say_so(
        self, pki: LocalPki, reader: DictReader, clock: SetClock
    ) -> None:
        reader.put("", "secrets", bootstrap_secret())
        strict = Authenticator(settings_of(pki, bootstrap_token_auth=False), reader, clock)

        with pytest.raises(Unauthorized):
            strict.authenticate(None, f"Bearer {TOKEN}")


def account(uid: str = "u1") -> dict[str, Any]:
    return {"metadata": {"name": "robot", "namespace": "system", "uid": uid}}


def claims_of(settings: ApiServerSettings, clock: SetClock, **changes: Any) -> Claims:
    now = int(clock.now().timestamp())
    private = PrivateClaims(namespace="system", serviceaccount=BoundObject("robot", "u1"), pod=changes.pop("pod", None))
    fields: dict[str, Any] = {
        "iss": settings.service_account_issuer,
        "sub": "system:serviceaccount:system:robot",
        "aud": (settings.service_account_audience,),
        "exp": now + 3600,
        "iat": now,
        "nbf": now,
        "jti": "j1",
        "private": private,
    }
    return Claims(**{**fields, **changes})


class TestServiceAccountTokens:
    @pytest.fixture
    def settings(self, pki: LocalPki) -> ApiServerSettings:
        return settings_of(pki)

    @pytest.fixture
    def signer(self, pki: LocalPki) -> TokenSigner:
        return TokenSigner(pki.service_account_key.read_bytes())

    def test_are_the_account(
        self,
        authenticator: Authenticator,
        reader: DictReader,
        settings: ApiServerSettings,
        signer: TokenSigner,
        clock: SetClock,
    ) -> None:
        reader.put("", "serviceaccounts", account())
        reader.put("", "pods", {"metadata": {"name": "p", "namespace": "system", "uid": "pu"}})
        token = signer.sign(claims_of(settings, clock, pod=BoundObject("p", "pu")))

        assert authenticator.authenticate(None, f"bearer {token}") == UserInfo(
            name="system:serviceaccount:system:robot",
            uid="u1",
            groups=("system:serviceaccounts", "system:serviceaccounts:system", "system:authenticated"),
            extra={
                "authentication.kubernetes.io/credential-id": ("JTI=j1",),
                "authentication.kubernetes.io/pod-name": ("p",),
                "authentication.kubernetes.io/pod-uid": ("pu",),
            },
        )

    @pytest.mark.parametrize(
        ("changes", "cause"),
        [
            ({"iss": "https://elsewhere"}, "another issuer"),
            ({"aud": ("vault",)}, 'token audiences ["vault"] is invalid for the target audiences'),
            ({"exp": 1}, "expired"),
            ({"nbf": 10**11}, "not valid yet"),
            ({"pod": BoundObject("p", "pu")}, "service account token has been invalidated"),
        ],
    )
    def test_with_wrong_claims_are_refused(
        self,
        authenticator: Authenticator,
        reader: DictReader,
        settings: ApiServerSettings,
        signer: TokenSigner,
        clock: SetClock,
        changes: dict[str, Any],
        cause: str,
    ) -> None:
        reader.put("", "serviceaccounts", account())

        with pytest.raises(Unauthorized) as refusal:
            authenticator.authenticate(None, f"Bearer {signer.sign(claims_of(settings, clock, **changes))}")

        assert cause in str(refusal.value.__cause__)

    def test_end_with_their_account_also_after_a_first_use(
        self,
        authenticator: Authenticator,
        reader: DictReader,
        settings: ApiServerSettings,
        signer: TokenSigner,
        clock: SetClock,
    ) -> None:
        reader.put("", "serviceaccounts", account())
        header = f"Bearer {signer.sign(claims_of(settings, clock))}"
        authenticator.authenticate(None, header)

        reader.put("", "serviceaccounts", account(uid="u2"))
        with pytest.raises(Unauthorized):
            authenticator.authenticate(None, header)
        reader.remove("", "serviceaccounts", "system", "robot")
        with pytest.raises(Unauthorized):
            authenticator.authenticate(None, header)

    def test_end_with_time_also_after_a_first_use(
        self,
        authenticator: Authenticator,
        reader: DictReader,
        settings: ApiServerSettings,
        signer: TokenSigner,
        clock: SetClock,
    ) -> None:
        reader.put("", "serviceaccounts", account())
        header = f"Bearer {signer.sign(claims_of(settings, clock))}"
        authenticator.authenticate(None, header)
        clock.moment += timedelta(hours=1)

        with pytest.raises(Unauthorized):
            authenticator.authenticate(None, header)

    def test_of_another_key_or_none_are_refused(
        self, authenticator: Authenticator, reader: DictReader, settings: ApiServerSettings, clock: SetClock
    ) -> None:
        reader.put("", "serviceaccounts", account())
        claims = claims_of(settings, clock)
        foreign = certificates.encode_key(certificates.issue_authority("x", clock.now()).key)
        unsigned = jwt.encode({"sub": "x"}, None, algorithm="none")

        for token in (TokenSigner(foreign).sign(claims), unsigned, "a.b.c", "neither", "x" * 5000):
            with pytest.raises(Unauthorized):
                authenticator.authenticate(None, f"Bearer {token}")

    def test_may_be_signed_with_rsa(self, reader: DictReader, settings: ApiServerSettings, clock: SetClock) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        encoding = serialization.Encoding.PEM
        private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        public = key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
        reader.put("", "serviceaccounts", account())
        token = TokenSigner(private).sign(claims_of(settings, clock))

        verifier = TokenVerifier(public, settings.service_account_issuer, reader, clock)

        assert jwt.get_unverified_header(token)["alg"] == "RS256"
        assert verifier.user_of(token, (settings.service_account_audience,)).uid == "u1"
