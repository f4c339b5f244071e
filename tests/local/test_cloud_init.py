"""A guest reads user data as cloud-init does, and says on the console what it makes of it."""

import base64
import gzip
from collections.abc import Callable
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from tests.local.conftest import SERVER_ID

from kubecapy.local.guest.cloud_init.run import CloudInit, shellify
from kubecapy.local.guest.host import Host
from kubecapy.local.guest.terminal import Terminal

Console = Callable[[], str]


async def boot(host: Host, user_data: str | bytes) -> None:
    data = user_data.encode() if isinstance(user_data, str) else user_data
    await CloudInit(host, Terminal(host).run_script).run(data)


async def test_runcmd_runs_texts_and_lists_in_order_and_shows_what_they_print(host: Host, console_of: Console) -> None:
    await boot(host, "#cloud-config\nruncmd:\n- echo one $((1+1))\n- [echo, 'two words', $HOME]\n- 'x=3; echo $x'\n")

    text = console_of()
    assert "one 2\ntwo words $HOME\n3\n" in text
    assert host.files.read_text("/var/log/cloud-init-output.log") in text


async def test_a_failing_runcmd_goes_on_and_the_boot_ends_with_warnings(host: Host, console_of: Console) -> None:
    await boot(host, "#cloud-config\nruncmd:\n- no-such-thing\n- echo after\n- exit 3\n- echo never\n")

    text = console_of()
    assert "/var/lib/cloud/instance/scripts/runcmd: 2: no-such-thing: not found\nafter\n" in text
    assert "never" not in text
    assert "Failed to run module scripts-user" in text
    assert "finished at" in text


async def test_files_are_written_with_mode_encoding_and_append(host: Host) -> None:
    squeezed = base64.b64encode(gzip.compress(b"squeezed")).decode()
    await boot(
        host,
        f"""#cloud-config
write_files:
- {{path: /etc/a.conf, content: "one\\n", permissions: "0600"}}
- {{path: /etc/b.bin, content: aGVsbG8=, encoding: b64, owner: "root:root"}}
- {{path: /etc/c.txt, content: {squeezed}, encoding: gz+b64}}
- {{path: /etc/a.conf, content: "two\\n", append: true, permissions: "0640"}}
- {{path: /etc/octal, content: x, permissions: 0755}}
""",
    )

    assert host.files.read_text("/etc/a.conf") == "one\ntwo\n"
    assert host.files.locate("/etc/a.conf").stat().st_mode & 0o777 == 0o640
    assert host.files.read_text("/etc/b.bin") == "hello"
    assert host.files.read_text("/etc/c.txt") == "squeezed"
    assert host.files.is_executable("/etc/octal")


@pytest.mark.parametrize(
    ("entry", "warning"),
    [
        ("{content: x}", "No path provided to write for entry"),
        ("{path: /a, content: x, owner: 'etcd:nogroup'}", "/a: owner nogroup does not exist"),
        ("{path: /a, content: '%%%', encoding: b64+gz}", "Unknown encoding type b64+gz, assuming text/plain"),
        ("{path: /a, content: 'bm90IGd6aXA=', encoding: gz+b64}", "/a: content is no gz+b64: expected gzip data"),
        ("{path: /a, content: x, permissions: rw-r--r--}", "Undecodable permissions 'rw-r--r--'"),
    ],
)
async def test_a_file_that_cannot_be_written_is_said_and_the_boot_goes_on(
    host: Host, console_of: Console, entry: str, warning: str
) -> None:
    await boot(host, f"#cloud-config\nwrite_files: [{entry}]\nruncmd: [echo done]\n")

    assert warning in console_of()
    assert "\ndone\n" in console_of()


async def test_jinja_fills_in_instance_data(host: Host) -> None:
    await boot(
        host,
        """## template: jinja
#cloud-config
write_files:
- path: /etc/facts
  content: "{{ v1.instance_id }} {{ instance_id }} {{ v1.local_hostname }} {{ ds.meta_data.uuid }}"
""",
    )

    assert host.files.read_text("/etc/facts") == f"{SERVER_ID} {SERVER_ID} node-1 {SERVER_ID}"


async def test_without_the_header_braces_are_left_alone(host: Host) -> None:
    await boot(host, "#cloud-config\nwrite_files:\n- {path: /f, content: '{{ v1.instance_id }}'}\n")

    assert host.files.read_text("/f") == "{{ v1.instance_id }}"


async def test_a_name_that_is_missing_becomes_cloud_inits_mark_and_a_warning(host: Host, console_of: Console) -> None:
    await boot(host, "## template: jinja\n#cloud-config\nwrite_files:\n- {path: /f, content: '{{ nothing }}'}\n")

    assert host.files.read_text("/f") == "CI_MISSING_JINJA_VAR/nothing"
    assert "Could not render jinja template variables in file 'part-001': 'nothing'" in console_of()


async def test_a_broken_template_is_ignored_with_its_line(host: Host, console_of: Console) -> None:
    await boot(host, "## template: jinja\n#cloud-config\nruncmd:\n- '{% if %}'\n")

    assert "Ignoring jinja template for part-001: TemplateSyntaxError at line 3" in console_of()
    assert "finished at" in console_of()


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("#cloud-config\na: [1\n", "Failed loading yaml blob. Invalid format at line 3 column 1"),
        ("#cloud-config\n- a\n- b\n", "Yaml load allows ('dict',) root types, but got list instead"),
        ("hello\n", "Unhandled non-multipart (text/x-not-multipart) userdata in part-001"),
        ("#cloud-config\nruncmds: [x]\n", "Invalid cloud-config provided: runcmds: unexpected key"),
        ("#cloud-config\nusers: [default]\n", "users is valid cloud-config, but it changes nothing"),
        ("#cloud-config\nruncmd: [{a: b}]\n", "Unable to shellify entry 1 of type 'dict'"),
    ],
)
async def test_a_document_that_is_wrong_is_said_and_the_boot_goes_on(
    host: Host, console_of: Console, text: str, warning: str
) -> None:
    await boot(host, text)

    assert warning in console_of()
    assert "finished at" in console_of()


async def test_user_data_that_is_wrong_is_not_shown(host: Host, console_of: Console) -> None:
    await boot(host, "#cloud-config\ntoken: abcdef.0123456789abcdef: x\n")

    assert "0123456789abcdef" not in console_of()


async def test_a_script_runs_in_its_own_words(host: Host, console_of: Console) -> None:
    await boot(host, "#!/bin/bash\nset -e\nif [ -f /etc/os-release ]; then . /etc/os-release; fi\necho it is $ID $0\n")

    assert "it is ubuntu /var/lib/cloud/instance/scripts/part-001\n" in console_of()


async def test_an_archive_runs_all_of_its_parts(host: Host, console_of: Console) -> None:
    archive = MIMEMultipart()
    archive.attach(MIMEText("#cloud-config\nruncmd: [echo from config]\n", "cloud-config"))
    archive.attach(MIMEText("#!/bin/sh\necho from script\n", "x-shellscript"))

    await boot(host, archive.as_string())

    assert "from config" in console_of()
    assert "from script" in console_of()


async def test_compressed_user_data_is_read(host: Host, console_of: Console) -> None:
    await boot(host, gzip.compress(b"#cloud-config\nruncmd: [echo squeezed]\n"))

    assert "\nsqueezed\n" in console_of()


async def test_a_second_boot_of_an_instance_does_not_run_runcmd_again(host: Host, console_of: Console) -> None:
    data = "#cloud-config\nbootcmd: [echo every time]\nruncmd: [echo once]\n"

    await boot(host, data)
    await boot(host, data)

    assert console_of().count("\nonce\n") == 1
    assert console_of().count("\nevery time\n") == 2


async def test_names_come_from_the_document_or_from_the_server(host: Host) -> None:
    await boot(host, "#cloud-config\nhostname: chosen\nmanage_etc_hosts: localhost\n")

    assert host.hostname == "chosen"
    assert "127.0.1.1 chosen" in host.files.read_text("/etc/hosts")


async def test_packages_and_their_sources_are_installed(host: Host, console_of: Console) -> None:
    await boot(
        host,
        """#cloud-config
apt:
  sources:
    kubernetes:
      source: "deb [signed-by=$KEY_FILE] https://pkgs.k8s.io/core:/stable:/v1.30/deb/ /"
      key: some key
packages: [containerd, [kubelet, "1.30.4-1.1"]]
runcmd: [systemctl is-active containerd]
""",
    )

    assert "Setting up kubelet (1.30.4)" in console_of()
    assert "\nactive\n" in console_of()


def test_a_list_becomes_quoted_words() -> None:
    assert shellify([["echo", "it's", "$x"], "echo $x", None]) == "#!/bin/sh\n'echo' 'it'\\''s' '$x'\necho $x\n"
