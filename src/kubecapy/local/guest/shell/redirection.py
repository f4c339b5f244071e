"""Redirect the streams of commands: files, here-documents, other descriptors.

Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html, section 2.7.
"""

from collections.abc import Sequence

from kubecapy.local.guest.shell.expansion import Expander
from kubecapy.local.guest.shell.session import Session
from kubecapy.local.guest.shell.streams import Streams, TextInput, Write, discard
from kubecapy.local.guest.shell.syntax import Redirect

STANDARD_ERROR = 2


async def redirected(
    session: Session, expander: Expander, redirects: Sequence[Redirect], streams: Streams
) -> Streams | None:
    """Return `streams` with `redirects` in force; None where a file cannot be opened, which was said."""
    current = streams
    for redirect in redirects:
        try:
            current = await _redirect(session, expander, redirect, current)
        except OSError as error:
            verb = "open" if redirect.operator == "<" else "create"
            session.complain(f"cannot {verb} {error.filename}: {_reason(error)}", streams)
            return None
    return current


async def _redirect(session: Session, expander: Expander, redirect: Redirect, streams: Streams) -> Streams:
    target = await expander.text(redirect.target)
    match redirect.operator:
        case "<<" | "<<-":
            return Streams(TextInput(target), streams.stdout, streams.stderr)
        case "<":
            return Streams(
                TextInput(session.files.read_text(target, session.state.cwd)), streams.stdout, streams.stderr
            )
        case ">&" | "<&" if target in ("1", "2", "-"):
            write = {"1": streams.stdout, "2": streams.stderr, "-": discard}[target]
            return _with_output(streams, redirect.descriptor, write)
        case "&>" | "&>>" | ">&":
            write = _open(session, target, streams, append=redirect.operator == "&>>")
            return Streams(streams.stdin, write, write)
        case _:
            write = _open(session, target, streams, append=redirect.operator == ">>")
            return _with_output(streams, redirect.descriptor, write)


def _open(session: Session, path: str, streams: Streams, *, append: bool) -> Write:
    known: dict[str, Write] = {
        "/dev/null": discard,
        "/dev/stdout": streams.stdout,
        "/dev/stderr": streams.stderr,
        "/dev/console": session.errors,
        "/dev/tty": session.errors,
    }
    if path in known:
        return known[path]
    cwd = session.state.cwd
    if not append or not session.files.exists(path, cwd):
        session.files.write(path, b"", cwd)
    return lambda text: session.files.append(path, text, cwd)


def _with_output(streams: Streams, descriptor: int, write: Write) -> Streams:
    if descriptor == STANDARD_ERROR:
        return Streams(streams.stdin, streams.stdout, write)
    return Streams(streams.stdin, write, streams.stderr)


def _reason(error: OSError) -> str:
    return {"No such file or directory": "Directory nonexistent"}.get(error.strerror or "", error.strerror or "error")
