import msgspec
import pytest

from kubecapy.apimachinery.codec import load_yaml
from kubecapy.bootstrap.cloud_init import (
    ClusterVariables,
    HostFile,
    KubeadmVariables,
    KubernetesVariables,
    MachineVariables,
    Template,
    Variables,
    render,
    template_from_secret,
)
from kubecapy.bootstrap.errors import InvalidTemplate
from kubecapy.telemetry.secrets import Secret

VARIABLES = Variables(
    machine=MachineVariables("default", "node-1", "node-1", "worker"),
    cluster=ClusterVariables(
        "default", "test1", "192.168.0.0/16", "10.96.0.0/12", "cluster.local", "9.20.206.22", 6443
    ),
    kubernetes=KubernetesVariables(
        "1.14.0", "1.14", "1.14.0", "docker", has_packages=False, network_manifest="https://n"
    ),
    kubeadm=KubeadmVariables("kubeadm join --config x"),
    files=(HostFile("/etc/a", Secret("line 1\nline 2\n"), "0600"),),
)
HEADER = "## template: jinja\n#cloud-config\n"


def rendered(text: str) -> str:
    return render(Template(text, "Secret s/t, key userData"), VARIABLES).reveal().decode()


def refusal(text: str) -> str:
    with pytest.raises(InvalidTemplate) as caught:
        rendered(text)
    return str(caught.value)


def test_values_are_filled_in_between_our_own_delimiters() -> None:
    text = HEADER + "hostname: << machine.hostname | json >>\nid: '{{ v1.instance_id }}'\n"

    assert rendered(text) == HEADER + "hostname: \"node-1\"\nid: '{{ v1.instance_id }}'\n"


def test_files_keep_their_content() -> None:
    text = HEADER + "write_files:\n<% for file in files %>\n- path: << file.path | json >>\n"
    text += "  content: << file | content >>\n<% endfor %>\nruncmd: []\n"

    (document,) = load_yaml(rendered(text))

    assert document["write_files"] == [{"path": "/etc/a", "content": "line 1\nline 2\n"}]


def test_an_unknown_name_is_refused_with_source_and_line() -> None:
    message = refusal(HEADER + "a: 1\nb: << machine.flavour >>\n")

    assert message.startswith("Secret s/t, key userData, line 4: ")
    assert "flavour" in message


def test_a_name_that_nobody_knows_is_refused() -> None:
    assert refusal("#cloud-config\na: << token >>\n") == "Secret s/t, key userData, line 2: 'token' is undefined"


def test_a_broken_statement_is_refused_with_its_line() -> None:
    assert refusal("#cloud-config\n\n<% if %>\n").startswith("Secret s/t, key userData, line 3: ")


def test_an_unknown_filter_is_refused_with_its_line() -> None:
    assert "line 2: No filter named 'yamel'" in refusal("#cloud-config\na: << machine.name | yamel >>\n")


def test_a_filter_given_the_wrong_thing_is_refused_with_its_line() -> None:
    assert refusal("#cloud-config\na: << machine.name | content >>\n").startswith("Secret s/t, key userData, line 2: ")


def test_a_template_cannot_reach_beyond_its_values() -> None:
    assert "unsafe" in refusal("#cloud-config\na: << machine.__class__.__mro__ >>\n")


def test_a_result_that_is_no_yaml_is_refused_without_quoting_it() -> None:
    message = refusal(HEADER + "password: [hunter2\nb: c\n")

    assert message.startswith("Secret s/t, key userData, line ")
    assert message.endswith("of the rendered text: expected YAML that cloud-init can read")
    assert "hunter2" not in message


def test_cloud_inits_own_jinja_is_no_broken_yaml() -> None:
    text = HEADER + "a: {{ v1.region }}\n{% if v1.region %}\nb: 1\n{% endif %}\n"

    assert rendered(text) == text


def test_a_shell_script_is_user_data_too() -> None:
    assert rendered("#!/bin/sh\necho << machine.name >>\n") == "#!/bin/sh\necho node-1\n"


def test_a_final_text_is_passed_on_as_it_is() -> None:
    template = template_from_secret({"userData": b"#!/bin/sh\necho << x\n", "disableTemplating": b""}, "s/t")

    assert render(template, VARIABLES).reveal() == b"#!/bin/sh\necho << x\n"


@pytest.mark.parametrize("data", [{}, {"userData": b""}, {"value": b"x"}])
def test_a_secret_without_a_template_is_refused_by_name(data: dict[str, bytes]) -> None:
    with pytest.raises(InvalidTemplate, match="Secret system/worker-user-data, key userData: expected a user-data"):
        template_from_secret(data, "system/worker-user-data")


def test_a_secret_of_other_bytes_is_refused() -> None:
    with pytest.raises(InvalidTemplate, match="found other bytes at offset 1"):
        template_from_secret({"userData": b"a\xff"}, "s/t")


@pytest.mark.parametrize(("length", "fits"), [(49149, True), (49152, False)], ids=["at the limit", "beyond"])
def test_user_data_stays_within_novas_limit(length: int, *, fits: bool) -> None:
    template = Template("x" * length, "Secret s/t, key userData", is_final=True)

    if fits:
        assert len(render(template, VARIABLES).reveal()) == length
        return
    with pytest.raises(InvalidTemplate, match="takes 65536 bytes in base64, expected at most 65535"):
        render(template, VARIABLES)


def test_rendered_user_data_does_not_show_itself() -> None:
    template = Template("password", "s", is_final=True)

    assert "password" not in repr(render(template, VARIABLES))


def test_every_documented_name_exists() -> None:
    names = "machine.namespace machine.name machine.hostname machine.role cluster.namespace cluster.name "
    names += "cluster.pod_subnet cluster.service_subnet cluster.dns_domain cluster.endpoint_host cluster.endpoint_port "
    names += "kubernetes.version kubernetes.minor kubernetes.kubeadm_version kubernetes.container_runtime "
    names += "kubernetes.has_packages kubernetes.network_manifest kubeadm.command"
    built = {
        f"{part}.{field}"
        for part in ("machine", "cluster", "kubernetes", "kubeadm")
        for field in msgspec.to_builtins(getattr(VARIABLES, part))
    }

    assert built == set(names.split())
    assert rendered("#!/bin/sh\n" + "\n".join(f"<< {name} >>" for name in names.split()))
