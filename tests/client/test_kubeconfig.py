"""Kubeconfigs of files, pods and Secrets."""

import base64
from pathlib import Path

import pytest

from kubecapy.client import kubeconfig
from kubecapy.client.connection import Connection, ExecPlugin, Impersonation
from kubecapy.client.kubeconfig import KubeconfigError
from kubecapy.telemetry.secrets import Secret


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def one_cluster(entry: str) -> str:
    contexts = "[{name: c, context: {cluster: x}}]"
    return f"{{current-context: c, contexts: {contexts}, clusters: [{{name: x, cluster: {entry}}}]}}"


FULL = f"""
apiVersion: v1
kind: Config
current-context: admin@one
clusters:
- name: one
  cluster:
    server: https://127.0.0.1:6443/
    certificate-authority-data: {b64("CA")}
    tls-server-name: kubernetes
- name: two
  cluster: {{server: 'https://two:6443', certificate-authority: pki/ca.crt}}
users:
- name: admin
  user:
    client-certificate-data: {b64("CERT")}
    client-key-data: {b64("KEY")}
- name: robot
  user: {{token: s3cret}}
- name: files
  user: {{client-certificate: pki/c.crt, client-key: pki/c.key, tokenFile: token}}
- name: plugin
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: login
      args: [a]
      env: [{{name: NAME, value: v}}]
- name: old
  user: {{username: u, password: s3cret}}
contexts:
- name: admin@one
  context: {{cluster: one, user: admin, namespace: team}}
- name: robot@two
  context: {{cluster: two, user: robot}}
- name: files@two
  context: {{cluster: two, user: files}}
- name: plugin@one
  context: {{cluster: one, user: plugin}}
- name: old@one
  context: {{cluster: one, user: old}}
- name: lost
  context: {{cluster: nowhere, user: admin}}
- name: nobody
  context: {{cluster: one, user: missing}}
- name: anonymous
  context: {{cluster: one}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config"
    path.write_text(FULL)
    (tmp_path / "pki").mkdir()
    for name, content in (("ca.crt", "FILE-CA"), ("c.crt", "FILE-CERT"), ("c.key", "FILE-KEY")):
        (tmp_path / "pki" / name).write_text(content)
    return path


def test_the_current_context_is_meant_where_none_is_named(config: Path) -> None:
    assert kubeconfig.load(config) == Connection(
        server="https://127.0.0.1:6443",
        ca=b"CA",
        client_certificate=b"CERT",
        client_key=Secret(b"KEY"),
        namespace="team",
        tls_server_name="kubernetes",
    )


def test_a_context_can_be_named(config: Path) -> None:
    found = kubeconfig.load(config, "robot@two")

    assert (found.server, found.token) == ("https://two:6443", Secret("s3cret"))


def test_paths_are_relative_to_the_file(config: Path) -> None:
    found = kubeconfig.load(config, "files@two")

    assert (found.ca, found.client_certificate, found.client_key) == (b"FILE-CA", b"FILE-CERT", Secret(b"FILE-KEY"))
    assert found.token_file == config.parent / "token"
    assert found.ca_file == config.parent / "pki" / "ca.crt"


def test_a_credentials_program_is_kept(config: Path) -> None:
    assert kubeconfig.load(config, "plugin@one").exec_plugin == ExecPlugin(
        command="login", args=("a",), env=(("NAME", "v"),), api_version="client.authentication.k8s.io/v1beta1"
    )


def test_a_context_without_user_is_anonymous(config: Path) -> None:
    found = kubeconfig.load(config, "anonymous")

    assert (found.client_key, found.token, found.token_file) == (None, None, None)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ("none", 'has no context "none"; it has: admin@one'),
        ("lost", 'has no cluster "nowhere"'),
        ("nobody", 'has no user "missing"'),
        ("old@one", "has a password, which Kubernetes no longer takes"),
    ],
)
def test_what_is_missing_is_named(config: Path, context: str, message: str) -> None:
    with pytest.raises(KubeconfigError) as caught:
        kubeconfig.load(config, context)

    assert message in str(caught.value)
    assert str(config) in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("clusters: 3", "is no kubeconfig: clusters"),
        ("[1]", "expected one kubeconfig document"),
        ("", "expected one kubeconfig document"),
        ("a: [", "is no kubeconfig"),
        ("kind: Config", "has no current-context"),
        (
            one_cluster("{server: 'https://h', certificate-authority-data: '*'}"),
            "certificate-authority-data is not base64",
        ),
        (
            one_cluster("{server: 'https://h', certificate-authority: ca.crt}"),
            "certificate-authority names a file of this machine; inline it as certificate-authority-data",
        ),
        (
            one_cluster("{server: 'host:6443'}"),
            'server of cluster "x" is no URL',
        ),
    ],
)
def test_malformed_content_is_refused_in_one_sentence(content: str, message: str) -> None:
    with pytest.raises(KubeconfigError) as caught:
        kubeconfig.load(content.encode())

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def user_of(entry: str, cluster: str = "{server: 'https://h'}") -> str:
    context = "contexts: [{name: c, context: {cluster: x, user: u}}]"
    return (
        f"{{current-context: c, {context}, clusters: [{{name: x, cluster: {cluster}}}],"
        f" users: [{{name: u, user: {entry}}}]}}"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (user_of("{password: s3cret}"), "has a password, which Kubernetes no longer takes"),
        (user_of("{auth-provider: {name: gcp}}"), "has an auth-provider, which Kubernetes no longer has"),
        (user_of("{as-groups: [g]}"), "impersonates a uid, groups or user-extra without a user; add as"),
        (
            user_of("{client-key: k, client-key-data: czNjcmV0}"),
            "has both client-key and client-key-data; remove one",
        ),
        (user_of("{exec: {command: x}}"), 'exec has apiVersion ""; it must be client.authentication.k8s.io/v1 or'),
        (
            user_of("{exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}}"),
            'exec has apiVersion "client.authentication.k8s.io/v1alpha1"; it must be',
        ),
        (
            user_of("{exec: {command: x, apiVersion: client.authentication.k8s.io/v1}}"),
            "interactiveMode of exec is missing; it must be Never, IfAvailable or Always",
        ),
        (
            user_of("{exec: {command: x, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Ask}}"),
            'interactiveMode of exec is "Ask"',
        ),
        (user_of("{exec: {command: '', apiVersion: client.authentication.k8s.io/v1}}"), "exec names no command"),
        (
            user_of("{}", "{server: 'https://h', insecure-skip-tls-verify: true, certificate-authority-data: QQ==}"),
            "has both insecure-skip-tls-verify and a certificate-authority; remove one",
        ),
        (user_of("{}", "{server: 'https://u:s3cret@h'}"), "has a user or password in its server"),
        (
            user_of("{}", "{server: 'https://h', proxy-url: 'socks5://p'}"),
            "has a proxy-url that is neither http:// nor https://",
        ),
        (
            user_of("{}", "{server: 'https://h', certificate-authority: f, certificate-authority-data: QQ==}"),
            "has both certificate-authority and certificate-authority-data; remove one",
        ),
    ],
)
def test_what_cannot_be_honored_is_refused_and_never_ignored(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)

    with pytest.raises(KubeconfigError) as caught:
        kubeconfig.load(path)

    assert message in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_program_in_a_folder_is_relative_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config"
    for command, found in (("bin/login", f"{tmp_path}/bin/login"), ("login", "login"), ("/opt/login", "/opt/login")):
        entry = f"{{command: {command}, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}}"
        path.write_text(user_of(f"{{exec: {entry}}}"))

        plugin = kubeconfig.load(path).exec_plugin

        assert plugin is not None
        assert plugin.command == found


def test_impersonation_is_kept() -> None:
    content = user_of("{token: t, as: jane, as-uid: '7', as-groups: [a, b], as-user-extra: {scope: [x]}}")

    assert kubeconfig.load(content.encode()).impersonation == Impersonation(
        user="jane", uid="7", groups=("a", "b"), extra=(("scope", ("x",)),)
    )


def test_a_token_file_wins_over_a_token(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(user_of("{token: t, tokenFile: file}"))

    assert kubeconfig.load(path).token_file == tmp_path / "file"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match=r"cannot read the kubeconfig at .*none: No such file"):
        kubeconfig.load(tmp_path / "none")


@pytest.mark.parametrize(
    ("user", "message"),
    [
        (
            "exec: {command: /bin/sh, args: [-c, id]}",
            "exec names a program",
        ),
        ("tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token", "tokenFile names a file of this machine"),
        ("client-certificate: /etc/hostname", "client-certificate names a file of this machine"),
        ("{client-certificate-data: QQ==, client-key: /etc/hostname}", "client-key names a file of this machine"),
    ],
)
def test_content_from_elsewhere_neither_runs_programs_nor_reads_files(user: str, message: str) -> None:
    content = (
        "{clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}], current-context: x, "
        "contexts: [{name: x, context: {cluster: c, user: u}}], "
        f"users: [{{name: u, user: {user if user.startswith('{') else f'{{{user}}}'}}}]}}"
    )

    with pytest.raises(KubeconfigError, match=message):
        kubeconfig.load(content.encode())


def test_what_is_rendered_reads_back_the_same(tmp_path: Path) -> None:
    connection = Connection(
        server="https://h:6443",
        ca=b"CA",
        client_certificate=b"C",
        client_key=Secret(b"K"),
        namespace="n",
        exec_plugin=ExecPlugin(
            command="c",
            args=("a",),
            env=(("NAME", "v"),),
            install_hint="install c",
            interactive_mode="Never",
            provide_cluster_info=True,
            config={"audience": "a"},
        ),
        proxy_url="http://p",
        impersonation=Impersonation(user="u", uid="1", groups=("g", "h"), extra=(("k", ("v",)),)),
    )

    text = kubeconfig.render_kubeconfig(connection, cluster="demo", user="admin")

    path = tmp_path / "config"
    path.write_bytes(text)
    assert kubeconfig.load(path) == connection
    assert kubeconfig.load(path, "admin@demo") == connection


def test_no_secret_is_shown_by_repr(config: Path) -> None:
    shown = repr(kubeconfig.load(config)) + repr(kubeconfig.load(config, "robot@two"))

    assert "KEY" not in shown
    assert "s3cret" not in shown


def pod_environment(folder: Path) -> dict[str, str]:
    for name, content in (("token", "t"), ("ca.crt", "CA"), ("namespace", "system\n")):
        (folder / name).write_text(content)
    return {
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
        "KUBERNETES_SERVICE_PORT": "443",
        "SERVICE_ACCOUNT_DIR": str(folder),
    }


def test_a_pod_uses_its_service_account(tmp_path: Path) -> None:
    assert kubeconfig.in_cluster(pod_environment(tmp_path)) == Connection(
        server="https://10.0.0.1:443",
        ca=b"CA",
        ca_file=tmp_path / "ca.crt",
        token_file=tmp_path / "token",
        namespace="system",
    )


def test_an_ipv6_address_of_the_service_is_bracketed(tmp_path: Path) -> None:
    environ = {**pod_environment(tmp_path), "KUBERNETES_SERVICE_HOST": "fd00::1"}

    assert kubeconfig.in_cluster(environ).server == "https://[fd00::1]:443"


def test_a_pod_without_its_service_account_is_told_what_is_missing(tmp_path: Path) -> None:
    environ = pod_environment(tmp_path)
    (tmp_path / "token").unlink()

    with pytest.raises(KubeconfigError, match="cannot read the service account token"):
        kubeconfig.in_cluster(environ)
    with pytest.raises(KubeconfigError, match="not in a pod"):
        kubeconfig.in_cluster({})


def test_the_first_place_that_is_there_is_meant(config: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".kube").mkdir(parents=True)
    (home / ".kube" / "config").write_text(one_cluster("{server: 'https://home'}"))
    pod = pod_environment(tmp_path)

    assert kubeconfig.default({"HOME": str(home)}).server == "https://home"
    assert kubeconfig.default({"HOME": str(home), **pod}).server == "https://10.0.0.1:443"
    assert kubeconfig.default({**pod, "KUBECONFIG": str(config)}).server == "https://127.0.0.1:6443"
    assert kubeconfig.default({"KUBECONFIG": "/none"}, config, "robot@two").server == "https://two:6443"
    with pytest.raises(KubeconfigError, match="no cluster is named: give --kubeconfig or set KUBECONFIG"):
        kubeconfig.default({"HOME": str(tmp_path)})


def test_several_files_are_merged_and_the_first_to_say_something_wins(config: Path, tmp_path: Path) -> None:
    first = tmp_path / "first"
    first.write_text(
        "current-context: mine\ncontexts: [{name: mine, context: {cluster: two, user: here}}]\n"
        "users: [{name: here, user: {token: t}}]\n"
    )

    found = kubeconfig.default({"KUBECONFIG": f"{tmp_path}/none:{first}:{config}"})

    assert (found.server, found.token, found.ca) == ("https://two:6443", Secret("t"), b"FILE-CA")
    with pytest.raises(KubeconfigError, match="KUBECONFIG names no existing file: /none"):
        kubeconfig.default({"KUBECONFIG": "/none"})
