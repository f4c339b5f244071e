"""Run scripts: the interpreter of the guest's shell.

Pipes run their commands one after the other, each reading what the one before printed; a command that would wait for
its neighbour has no place in a boot script.
"""

import fnmatch
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal

from kubecapy.clock import Clock
from kubecapy.local.guest.filesystem import GuestFilesystem
from kubecapy.local.guest.shell.builtins import builtins
from kubecapy.local.guest.shell.commands import Call, Lookup
from kubecapy.local.guest.shell.expansion import Expander, ExpansionError
from kubecapy.local.guest.shell.parser import parse_script
from kubecapy.local.guest.shell.state import ShellState
from kubecapy.local.guest.shell.streams import Streams, TextBuffer, TextInput, Write, discard
from kubecapy.local.guest.shell.syntax import (
    AndOr,
    Assignment,
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Pipeline,
    Redirect,
    Script,
    ShellSyntaxError,
    Simple,
    While,
)

NOT_FOUND_STATUS = 127
NOT_EXECUTABLE_STATUS = 126
SYNTAX_STATUS = 2

Dialect = Literal["dash", "bash"]
"""Whose error words are used: `/bin/sh` is dash on Ubuntu and bash on CentOS."""


class _Exit(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Return(_Exit):
    pass


class _LoopJump(Exception):
    def __init__(self, *, leave: bool, levels: int) -> None:
        super().__init__(levels)
        self.leave = leave
        self.levels = levels


class Shell:
    """Interprets scripts on the files of one guest, with the commands that `lookup` finds."""

    def __init__(
        self, files: GuestFilesystem, lookup: Lookup, clock: Clock, state: ShellState, *, dialect: Dialect = "dash"
    ) -> None:
        """Start from `state`, which the shell changes."""
        self._files = files
        self._lookup = lookup
        self._clock = clock
        self._state = state
        self._dialect = dialect
        self._line = 1
        self._tested = 0
        self._substitution_status: int | None = None
        self._errors: Write = discard
        self._builtins = builtins()

    async def run(self, source: str, streams: Streams) -> int:
        """Run a script and return its exit status; a syntax error is printed and gives 2."""
        self._errors = streams.stderr
        try:
            return await self._script(parse_script(source), streams)
        except ShellSyntaxError as error:
            self._line = error.line
            self._complain(str(error), streams)
            return SYNTAX_STATUS
        except ExpansionError as error:
            self._complain(str(error), streams)
            return SYNTAX_STATUS
        except (_Exit, _LoopJump) as end:
            return end.status if isinstance(end, _Exit) else 0

    async def _script(self, script: Script, streams: Streams) -> int:
        for item in script.lists:
            self._state.status = await self._and_or(item, streams)
        return self._state.status

    async def _and_or(self, item: AndOr, streams: Streams) -> int:
        pipelines = [("&&", item.first), *item.rest]
        status = 0
        failed_last = False
        for index, (joint, pipeline) in enumerate(pipelines):
            if index and (status == 0) != (joint == "&&"):
                failed_last = False
                continue
            last = index == len(pipelines) - 1
            status = await self._pipeline(pipeline, streams, tested=not last)
            self._state.status = status
            failed_last = last and status != 0 and not pipeline.negated
        if failed_last and not self._tested and "errexit" in self._state.options:
            raise _Exit(status)
        return status

    async def _pipeline(self, pipeline: Pipeline, streams: Streams, *, tested: bool) -> int:
        tested = tested or pipeline.negated
        self._tested += tested
        try:
            status = await self._stages(pipeline.commands, streams)
        finally:
            self._tested -= tested
        return int(status == 0) if pipeline.negated else status

    async def _stages(self, commands: tuple[Command, ...], streams: Streams) -> int:
        if len(commands) == 1:
            return await self._command(commands[0], streams)
        statuses: list[int] = []
        stdin = streams.stdin
        for index, command in enumerate(commands):
            buffer = TextBuffer()
            last = index == len(commands) - 1
            stage = Streams(stdin, streams.stdout if last else buffer.write, streams.stderr)
            statuses.append(await self._subshell(command, stage))
            stdin = TextInput(buffer.text)
        failures = [status for status in statuses if status]
        return failures[-1] if failures and "pipefail" in self._state.options else statuses[-1]

    async def _subshell(self, command: Command, streams: Streams) -> int:
        shell = Shell(self._files, self._lookup, self._clock, self._state.copy(), dialect=self._dialect)
        shell._tested, shell._line, shell._errors = self._tested, self._line, streams.stderr
        try:
            return await shell._command(command, streams)
        except _Exit as end:
            return end.status

    async def _command(self, command: Command, streams: Streams) -> int:
        if isinstance(command, Function):
            self._state.functions[command.name] = command.body
            return 0
        if isinstance(command, Simple):
            return await self._simple(command, streams)
        redirected = await self._redirected(command.redirects, streams)
        if redirected is None:
            return 1
        return await self._compound(command, redirected)

    async def _compound(self, command: Command, streams: Streams) -> int:
        match command:
            case Group(script, subshell):
                if subshell:
                    return await self._subshell(Group(script, subshell=False), streams)
                return await self._script(script, streams)
            case If():
                return await self._if(command, streams)
            case For():
                return await self._for(command, streams)
            case While():
                return await self._while(command, streams)
            case Case():
                return await self._case(command, streams)
        raise AssertionError(command)

    async def _test(self, script: Script, streams: Streams) -> bool:
        self._tested += 1
        try:
            return await self._script(script, streams) == 0
        finally:
            self._tested -= 1

    async def _if(self, command: If, streams: Streams) -> int:
        for condition, body in command.branches:
            if await self._test(condition, streams):
                return await self._script(body, streams)
        if command.otherwise is not None:
            return await self._script(command.otherwise, streams)
        return 0

    async def _for(self, command: For, streams: Streams) -> int:
        words = self._state.positional if command.words is None else await self._expander.fields(command.words)
        status = 0
        for value in words:
            self._state.variables[command.name] = value
            verdict = await self._loop_pass(command.body, streams)
            if verdict is None:
                break
            status = verdict
        return status

    async def _while(self, command: While, streams: Streams) -> int:
        status = 0
        while await self._test(command.condition, streams) != command.until:
            verdict = await self._loop_pass(command.body, streams)
            if verdict is None:
                break
            status = verdict
        return status

    async def _loop_pass(self, body: Script, streams: Streams) -> int | None:
        """Run a loop's body once; None means that it broke out of the loop."""
        # A loop without a slow command must not keep the guest's other work from running.
        await self._clock.sleep(0)
        try:
            return await self._script(body, streams)
        except _LoopJump as jump:
            if jump.levels > 1:
                raise _LoopJump(leave=jump.leave, levels=jump.levels - 1) from None
            return None if jump.leave else 0

    async def _case(self, command: Case, streams: Streams) -> int:
        subject = await self._expander.text(command.subject)
        for patterns, body in command.arms:
            for pattern in patterns:
                if fnmatch.fnmatchcase(subject, await self._expander.pattern(pattern)):
                    return await self._script(body, streams)
        return 0

    async def _simple(self, command: Simple, streams: Streams) -> int:
        self._line = command.line
        self._substitution_status = None
        words = await self._expander.fields(command.words)
        redirected = await self._redirected(command.redirects, streams)
        if redirected is None:
            return 1
        if not words:
            await self._assign(command.assignments)
            return self._substitution_status or 0
        before = dict(self._state.variables), set(self._state.exported)
        await self._assign(command.assignments)
        self._state.exported.update(assignment.name for assignment in command.assignments)
        if "xtrace" in self._state.options:
            streams.stderr(f"+ {' '.join(_traced(word) for word in words)}\n")
        try:
            return await self._dispatch(tuple(words), redirected)
        finally:
            if command.assignments:
                self._state.variables, self._state.exported = before

    async def _assign(self, assignments: Sequence[Assignment]) -> None:
        for assignment in assignments:
            self._state.variables[assignment.name] = await self._expander.text(assignment.value)

    async def _dispatch(self, words: tuple[str, ...], streams: Streams) -> int:
        special = self._special(words[0])
        if special is not None:
            return await special(words, streams)
        if words[0] in self._state.functions:
            return await self._call_function(words, streams)
        builtin = self._builtins.get(words[0])
        if builtin is not None:
            return builtin(self._state, self._files, words, streams)
        return await self._external(words, streams)

    async def _dispatch_with(self, words: tuple[str, ...], variables: Mapping[str, str], streams: Streams) -> int:
        """Run a command with more variables in its environment than the shell's own."""
        before = dict(self._state.variables), set(self._state.exported)
        self._state.variables.update(variables)
        self._state.exported.update(variables)
        try:
            return await self._dispatch(words, streams)
        finally:
            self._state.variables, self._state.exported = before

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
        outer = self._state.positional
        self._state.positional = words[1:]
        try:
            return await self._command(self._state.functions[words[0]], streams)
        except _Return as end:
            return end.status
        finally:
            self._state.positional = outer

    async def _external(self, words: tuple[str, ...], streams: Streams) -> int:
        name = words[0]
        command = self._lookup(name)
        if command is not None:
            environment = self._state.environment()
            call = Call(
                words,
                streams.stdin,
                streams.stdout,
                streams.stderr,
                environment,
                self._state.cwd,
                lambda other, variables: self._dispatch_with(tuple(other), variables, streams),
            )
            return await command(call)
        if "/" in name and self._files.is_file(name, self._state.cwd):
            return await self._script_file(words, streams)
        self._complain(self._not_found(name), streams)
        return NOT_FOUND_STATUS

    def _not_found(self, name: str) -> str:
        if "/" in name and self._dialect == "bash":
            return f"{name}: No such file or directory"
        return f"{name}: not found" if self._dialect == "dash" else f"{name}: command not found"

    async def _script_file(self, words: tuple[str, ...], streams: Streams) -> int:
        path = words[0]
        if not self._files.is_executable(path, self._state.cwd):
            self._complain(f"{path}: Permission denied", streams)
            return NOT_EXECUTABLE_STATUS
        source = self._files.read_text(path, self._state.cwd)
        first_line = source.partition("\n")[0]
        interpreter = first_line.removeprefix("#!").split() if first_line.startswith("#!") else ["/bin/sh"]
        program = [word for word in interpreter if word != "/usr/bin/env"] or ["/bin/sh"]
        if program[0].rpartition("/")[2] not in ("sh", "bash", "dash"):
            self._complain(self._not_found(path), streams)
            return NOT_FOUND_STATUS
        dialect: Dialect = "bash" if program[0].endswith("bash") else self._dialect
        return await self._child(source, path, words[1:], streams, dialect=dialect, flags=tuple(program[1:]))

    async def _new_shell(self, words: tuple[str, ...], streams: Streams) -> int:
        dialect: Dialect = "bash" if words[0].endswith("bash") else self._dialect
        flags, rest = _leading_flags(words[1:])
        if any("c" in flag for flag in flags if not flag.startswith("--")):
            if not rest:
                self._complain("-c requires an argument", streams)
                return SYNTAX_STATUS
            name = rest[1] if len(rest) > 1 else words[0]
            return await self._child(rest[0], name, rest[2:], streams, dialect=dialect, flags=flags)
        if not rest:
            return await self._child(streams.stdin.read(), words[0], (), streams, dialect=dialect, flags=flags)
        if not self._files.is_file(rest[0], self._state.cwd):
            self._complain(f"cannot open {rest[0]}: No such file", streams)
            return NOT_FOUND_STATUS
        source = self._files.read_text(rest[0], self._state.cwd)
        return await self._child(source, rest[0], rest[1:], streams, dialect=dialect, flags=flags)

    async def _child(
        self,
        source: str,
        name: str,
        arguments: Sequence[str],
        streams: Streams,
        *,
        dialect: Dialect,
        flags: Sequence[str],
    ) -> int:
        environment = self._state.environment()
        state = ShellState(
            variables=environment,
            exported=set(environment),
            name=name,
            positional=tuple(arguments),
            cwd=self._state.cwd,
        )
        options = "".join(letter for flag in flags if not flag.startswith("--") for letter in flag if letter in "eux")
        if options:
            self._builtins["set"](state, self._files, ("set", f"-{options}"), streams)
        shell = Shell(self._files, self._lookup, self._clock, state, dialect=dialect)
        return await shell.run(source, streams)

    async def _source(self, words: tuple[str, ...], streams: Streams) -> int:
        path = words[1] if len(words) > 1 else ""
        if not self._files.is_file(path, self._state.cwd):
            self._complain(f".: cannot open {path}: No such file", streams)
            raise _Exit(SYNTAX_STATUS)
        try:
            return await self._script(parse_script(self._files.read_text(path, self._state.cwd)), streams)
        except _Return as end:
            return end.status

    async def _eval(self, words: tuple[str, ...], streams: Streams) -> int:
        return await self._script(parse_script(" ".join(words[1:])), streams)

    async def _exec(self, words: tuple[str, ...], streams: Streams) -> int:
        if len(words) == 1:
            return 0
        raise _Exit(await self._dispatch(words[1:], streams))

    async def _exit(self, words: tuple[str, ...], streams: Streams) -> int:
        text = words[1] if len(words) > 1 else str(self._state.status)
        if not text.isdigit():
            self._complain(f"{words[0]}: Illegal number: {text}", streams)
            raise _Exit(SYNTAX_STATUS)
        raise (_Return if words[0] == "return" else _Exit)(int(text) % 256)

    async def _jump(self, words: tuple[str, ...], streams: Streams) -> int:  # noqa: ARG002 - the shape of the others
        levels = int(words[1]) if len(words) > 1 and words[1].isdigit() else 1
        raise _LoopJump(leave=words[0] == "break", levels=levels)

    async def _command_builtin(self, words: tuple[str, ...], streams: Streams) -> int:
        names = [word for word in words[1:] if not word.startswith("-")]
        if words[0] == "command" and not {"-v", "-V"} & set(words[1:]):
            return await self._dispatch(tuple(words[1:]), streams)
        known = [name for name in names if self._is_known(name)]
        for name in known:
            streams.stdout(f"{name if self._lookup(name) is None else f'/usr/bin/{name}'}\n")
        return 0 if len(known) == len(names) else NOT_FOUND_STATUS

    def _is_known(self, name: str) -> bool:
        inner = name in self._state.functions or name in self._builtins or self._special(name) is not None
        return inner or self._lookup(name) is not None

    @property
    def _expander(self) -> Expander:
        return Expander(self._state, self._files, self._substitute)

    async def _substitute(self, source: str) -> str:
        buffer = TextBuffer()
        script = parse_script(source)
        group = Group(script, subshell=False)
        streams = Streams(TextInput(), buffer.write, self._errors)
        self._substitution_status = await self._subshell(group, streams)
        return buffer.text

    async def _redirected(self, redirects: Sequence[Redirect], streams: Streams) -> Streams | None:
        """Return `streams` with `redirects` in force; None where a file cannot be opened, which was said."""
        current = streams
        for redirect in redirects:
            try:
                current = await self._redirect(redirect, current)
            except OSError as error:
                verb = "open" if redirect.operator == "<" else "create"
                self._complain(f"cannot {verb} {error.filename}: {_reason(error)}", streams)
                return None
        return current

    async def _redirect(self, redirect: Redirect, streams: Streams) -> Streams:
        target = await self._expander.text(redirect.target)
        match redirect.operator:
            case "<<" | "<<-":
                return Streams(TextInput(target), streams.stdout, streams.stderr)
            case "<":
                return Streams(
                    TextInput(self._files.read_text(target, self._state.cwd)), streams.stdout, streams.stderr
                )
            case ">&" | "<&" if target in ("1", "2", "-"):
                write = {"1": streams.stdout, "2": streams.stderr, "-": discard}[target]
                return _with_output(streams, redirect.descriptor, write)
            case "&>" | "&>>" | ">&":
                write = self._open(target, append=redirect.operator == "&>>", streams=streams)
                return Streams(streams.stdin, write, write)
            case _:
                write = self._open(target, append=redirect.operator == ">>", streams=streams)
                return _with_output(streams, redirect.descriptor, write)

    def _open(self, path: str, *, append: bool, streams: Streams) -> Write:
        known: dict[str, Write] = {
            "/dev/null": discard,
            "/dev/stdout": streams.stdout,
            "/dev/stderr": streams.stderr,
            "/dev/console": self._errors,
            "/dev/tty": self._errors,
        }
        if path in known:
            return known[path]
        cwd = self._state.cwd
        if not append or not self._files.exists(path, cwd):
            self._files.write(path, b"", cwd)
        return lambda text: self._files.append(path, text, cwd)

    def _complain(self, message: str, streams: Streams) -> None:
        if self._dialect == "dash":
            streams.stderr(f"{self._state.name}: {self._line}: {message}\n")
        else:
            streams.stderr(f"{self._state.name}: line {self._line}: {message}\n")


def _with_output(streams: Streams, descriptor: int, write: Write) -> Streams:
    if descriptor == 2:
        return Streams(streams.stdin, streams.stdout, write)
    return Streams(streams.stdin, write, streams.stderr)


def _leading_flags(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    count = 0
    while count < len(words) and words[count].startswith("-") and words[count] != "-":
        count += 1
    return tuple(words[:count]), tuple(words[count:])


def _reason(error: OSError) -> str:
    return {"No such file or directory": "Directory nonexistent"}.get(error.strerror or "", error.strerror or "error")


def _traced(word: str) -> str:
    safe = all(letter.isalnum() or letter in "_@%+=:,./-" for letter in word) and word
    return word if safe else "'" + word.replace("'", "'\"'\"'") + "'"
