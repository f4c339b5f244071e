"""Offer kubeadm to a guest's shell."""

from collections.abc import Mapping

from kubecapy.local.guest.host import Host
from kubecapy.local.guest.kubeadm.documents import Documents, read_documents
from kubecapy.local.guest.kubeadm.errors import KubeadmError
from kubecapy.local.guest.kubeadm.init import InitRun
from kubecapy.local.guest.kubeadm.join import JoinRun
from kubecapy.local.guest.kubeadm.releases import Release, parse_release
from kubecapy.local.guest.programs import find_program
from kubecapy.local.guest.shell.commands import Call, Command, split_go_flags

NOT_FOUND_STATUS = 127
_VALUED = frozenset({"config", "ignore-preflight-errors", "v", "skip-phases", "token-ttl", "kubeconfig", "o", "output"})


def kubeadm_commands(host: Host) -> Mapping[str, Command]:
    """Return the command by its name; it works once the program is installed."""

    async def kubeadm(call: Call) -> int:
        release = _installed(host, call.name)
        if release is None:
            return call.fail("not found", NOT_FOUND_STATUS)
        flags, words = split_go_flags(call.arguments, _VALUED)
        verb = words[0] if words else ""
        if verb == "version":
            call.out(
                f"{release}\n" if flags.get("o", flags.get("output")) == "short" else f"kubeadm version: {release}\n"
            )
            return 0
        if verb not in ("init", "join"):
            call.err(f'error: the simulated kubeadm has no "{verb}"; it knows init, join and version\n')
            return 1
        try:
            await _run(host, release, verb, flags, call)
        except KubeadmError as error:
            call.err(f"{error}\nTo see the stack trace of this error execute with --v=5 or higher\n")
            return 1
        return 0

    return {"kubeadm": kubeadm}


async def _run(host: Host, release: Release, verb: str, flags: Mapping[str, str], call: Call) -> None:
    path = flags.get("config", "")
    if not path:
        raise KubeadmError("", f"the simulated kubeadm {verb} needs --config")
    try:
        text = host.files.read_text(path, call.cwd)
    except OSError as error:
        raise KubeadmError("", f'unable to read config from "{path}" [open {path}: {error.strerror}]') from error
    documents = read_documents(text, release.minor, path)
    ignored = tuple(name for name in flags.get("ignore-preflight-errors", "").split(",") if name)
    if verb == "join":
        if documents.join is None:
            raise KubeadmError("", "no JoinConfiguration found in the supplied config")
        await JoinRun(host, documents.join, release, call.out).run(ignored)
        return
    await InitRun(host, documents, _wanted_release(documents, release), call.out).run(ignored)


def _wanted_release(documents: Documents, installed: Release) -> Release:
    """Return the release of the control plane; kubeadm makes its own minor release or the one before."""
    text = documents.cluster.kubernetes_version
    if not text:
        return installed
    wanted = parse_release(text)
    if wanted is None:
        raise KubeadmError("", f'couldn\'t parse Kubernetes version "{text}": expected one such as v1.14.0')
    if wanted.minor not in (installed.minor, installed.minor - 1):
        newer = wanted.minor > installed.minor
        why = (
            f"kubeadm only supports deploying clusters with the control plane version <= {installed.line}"
            if newer
            else f"this version of kubeadm only supports deploying clusters with the control plane version >= "
            f"1.{installed.minor - 1}.0"
        )
        raise KubeadmError("", f"{why}. Current version: {wanted}")
    return wanted


def _installed(host: Host, name: str) -> Release | None:
    program = find_program(host.files, name)
    return parse_release(program.version) if program else None
