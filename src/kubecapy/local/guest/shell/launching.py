"""Run the words of one command: what changes the script's course, functions, built-ins, commands, scripts, shells.

Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html, sections 2.9.1 and 2.14.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from kubecapy.local.guest.shell.builtins import BuiltinCall, builtins
from kubecapy.local.guest.shell.commands import Call
from kubecapy.local.guest.shell.parser import parse_script
from kubecapy.local.guest.shell.programs import NotStarted, ProgramReader, read_script_file, read_shell_call
from kubecapy.local.guest.shell.session import (
    NOT_FOUND_STATUS,
    SYNTAX_STATUS,
    FunctionReturn,
    LoopJump,
    Session,
    ShellExit,
)
from kubecapy.local.guest.shell.state import ShellState
from kubecapy.local.guest.shell.streams import Streams
from kubecapy.local.guest.shell.syntax import Command, Script


class Engine(Protocol):
    """Runs what was parsed, on behalf of the session."""

    async def script(self, script: Script, streams: Streams) -> int:
        """Run a script in this shell."""
        ...

    async def command(self, command: Command, streams: Streams) -> int:
        """Run one command in this shell."""
        ...

    async def child(self, session: Session, source: str, streams: Streams) -> int:
        """Run a script in a shell of its own."""
        ...


class Launcher:
    """Runs commands by their words."""

    def __init__(self, session: Session, engine: Engine) -> None:
        """Act on `session`; scripts inside of commands are run by `engine`."""
        self._session = session
        self._engine = engine
        self._builtins = builtins()

    async def run(self, words: tuple[str, ...], streams: Streams) -> int:
        """Run the command `words[0]` and return its status."""
        special = self._special(words[0])
        if special is not None:
            return await special(words, streams)
        if words[0] in self._session.state.functions:
            return await self._call_function(words, streams)
        builtin = self._builtins.get(words[0])
        if builtin is not None:
            return builtin(BuiltinCall(self._session.state, self._session.files, words, streams))
        return await self._external(words, streams)

    async def _run_with(self, words: tuple[str, ...], variables: Mapping[str, str], streams: Streams) -> int:
        """Run a command with more variables in its environment than the shell's own."""
        before = dict(self._session.state.variables), set(self._session.state.exported)
        self._session.state.variables.update(variables)
        self._session.state.exported.update(variables)
        try:
            return await self.run(words, streams)
        finally:
            self._session.state.variables, self._session.state.exported = before

    def _special(self, name: str) -> Callable[[tuple[str, ...], Streams], Awaitable[int]] | None:
        return {
            ".": self._source,
            "source": self._source,
            "break": self._jump,
            "command": self._command_builtin,
            "continue": self._jump,
            "eval": self._eval,
            "exec": self._exec,
            "exit": self._exit,
            "return": self._exit,
            "type": self._command_builtin,
            "bash": self._new_shell,
            "sh": self._new_shell,
            "/bin/bash": self._new_shell,
            "/bin/sh": self._new_shell,
            "/usr/bin/bash": self._new_shell,
        }.get(name)

    async def _call_function(self, words: tuple[str, ...], streams: Streams) -> int:
        outer = self._session.state.positional
        self._session.state.positional = words[1:]
        try:
            return await self._engine.command(self._session.state.functions[words[0]], streams)
        except FunctionReturn as end:
            return end.status
        finally:
            self._session.state.positional = outer

    async def _external(self, words: tuple[str, ...], streams: Streams) -> int:
        name = words[0]
        command = self._session.lookup(name)
        if command is not None:
            environment = self._session.state.environment()
            call = Call(
                words,
                streams.stdin,
                streams.stdout,
                streams.stderr,
                environment,
                self._session.state.cwd,
                lambda other, variables: self._run_with(tuple(other), variables, streams),
            )
            try:
                return await command(call)
            # What a command did not expect must not end the guest.
            except OSError as error:
                return call.fail(error.strerror or "failed")
            except ValueError:
                return call.fail("invalid argument")
        if "/" in name and self._session.files.is_file(name, self._session.state.cwd):
            return await self._start(read_script_file, words, streams)
        self._session.complain(self._session.not_found(name), streams)
        return NOT_FOUND_STATUS

    async def _new_shell(self, words: tuple[str, ...], streams: Streams) -> int:
        return await self._start(read_shell_call, words, streams)

    async def _start(self, read: ProgramReader, words: tuple[str, ...], streams: Streams) -> int:
        """Run what `words` ask for in a shell of its own, which inherits the environment alone."""
        session = self._session
        try:
            program = read(session, words, streams.stdin)
        except NotStarted as error:
            session.complain(str(error), streams)
            return error.status
        environment = session.state.environment()
        state = ShellState(
            variables=environment,
            exported=set(environment),
            name=program.name,
            positional=program.arguments,
            cwd=session.state.cwd,
        )
        if program.options:
            self._builtins["set"](BuiltinCall(state, session.files, ("set", f"-{program.options}"), streams))
        return await self._engine.child(session.spawn(state, program.dialect), program.source, streams)

    async def _source(self, words: tuple[str, ...], streams: Streams) -> int:
        path = words[1] if len(words) > 1 else ""
        if not self._session.files.is_file(path, self._session.state.cwd):
            self._session.complain(f".: cannot open {path}: No such file", streams)
            raise ShellExit(SYNTAX_STATUS)
        try:
            return await self._engine.script(
                parse_script(self._session.files.read_text(path, self._session.state.cwd)), streams
            )
        except FunctionReturn as end:
            return end.status

    async def _eval(self, words: tuple[str, ...], streams: Streams) -> int:
        return await self._engine.script(parse_script(" ".join(words[1:])), streams)

    async def _exec(self, words: tuple[str, ...], streams: Streams) -> int:
        if len(words) == 1:
            return 0
        raise ShellExit(await self.run(words[1:], streams))

    async def _exit(self, words: tuple[str, ...], streams: Streams) -> int:
        text = words[1] if len(words) > 1 else str(self._session.state.status)
        if not text.isdigit():
            self._session.complain(f"{words[0]}: Illegal number: {text}", streams)
            raise ShellExit(SYNTAX_STATUS)
        raise (FunctionReturn if words[0] == "return" else ShellExit)(int(text) % 256)

    async def _jump(self, words: tuple[str, ...], streams: Streams) -> int:  # noqa: ARG002 - the shape of the others
        levels = int(words[1]) if len(words) > 1 and words[1].isdigit() else 1
        raise LoopJump(leave=words[0] == "break", levels=levels)

    async def _command_builtin(self, words: tuple[str, ...], streams: Streams) -> int:
        names = [word for word in words[1:] if not word.startswith("-")]
        if words[0] == "command" and not {"-v", "-V"} & set(words[1:]):
            return await self.run(tuple(words[1:]), streams)
        known = [name for name in names if self._is_known(name)]
        for name in known:
            streams.stdout(f"{name if self._session.lookup(name) is None else f'/usr/bin/{name}'}\n")
        return 0 if len(known) == len(names) else NOT_FOUND_STATUS

    def _is_known(self, name: str) -> bool:
        inner = name in self._session.state.functions or name in self._builtins or self._special(name) is not None
        return inner or self._session.lookup(name) is not None
