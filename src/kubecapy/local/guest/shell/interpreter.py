"""Run scripts: the interpreter of the guest's shell.

Pipes run their commands one after the other, each reading what the one before printed; a command that would wait for
its neighbour has no place in a boot script.
"""

import fnmatch
from collections.abc import Sequence

from kubecapy.local.guest.shell.expansion import Expander, ExpansionError
from kubecapy.local.guest.shell.launching import Launcher
from kubecapy.local.guest.shell.parser import parse_script
from kubecapy.local.guest.shell.redirection import redirected
from kubecapy.local.guest.shell.session import SYNTAX_STATUS, LoopJump, Session, ShellExit
from kubecapy.local.guest.shell.streams import Streams, TextBuffer, TextInput
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
    Script,
    ShellSyntaxError,
    Simple,
    While,
)


class Shell:
    """Interprets scripts; it is the engine behind a session's launcher."""

    def __init__(self, session: Session) -> None:
        """Run in `session`, which the scripts change."""
        self._session = session
        self._launcher = Launcher(session, self)
        self._tested = 0
        self._substitution_status: int | None = None

    async def run(self, source: str, streams: Streams) -> int:
        """Run a script and return its exit status; a syntax error is printed and gives 2."""
        self._session.errors = streams.stderr
        try:
            return await self.script(parse_script(source), streams)
        except ShellSyntaxError as error:
            self._session.line = error.line
            self._session.complain(str(error), streams)
            return SYNTAX_STATUS
        except ExpansionError as error:
            self._session.complain(str(error), streams)
            return SYNTAX_STATUS
        except ShellExit as end:
            return end.status
        except LoopJump:
            return 0

    async def child(self, session: Session, source: str, streams: Streams) -> int:
        """Run a script in a shell of its own."""
        return await Shell(session).run(source, streams)

    async def script(self, script: Script, streams: Streams) -> int:
        """Run the lists of a script one after the other; return the status of the last."""
        for item in script.lists:
            self._session.state.status = await self._and_or(item, streams)
        return self._session.state.status

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
            self._session.state.status = status
            failed_last = last and status != 0 and not pipeline.negated
        if failed_last and not self._tested and "errexit" in self._session.state.options:
            raise ShellExit(status)
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
            return await self.command(commands[0], streams)
        statuses: list[int] = []
        stdin = streams.stdin
        for index, command in enumerate(commands):
            buffer = TextBuffer()
            last = index == len(commands) - 1
            stage = Streams(stdin, streams.stdout if last else buffer.write, streams.stderr)
            statuses.append(await self._subshell(command, stage))
            stdin = TextInput(buffer.text)
        failures = [status for status in statuses if status]
        return failures[-1] if failures and "pipefail" in self._session.state.options else statuses[-1]

    async def _subshell(self, command: Command, streams: Streams) -> int:
        shell = Shell(self._session.fork(streams.stderr))
        shell._tested = self._tested
        try:
            return await shell.command(command, streams)
        except ShellExit as end:
            return end.status

    async def command(self, command: Command, streams: Streams) -> int:
        """Run one command and return its status."""
        if isinstance(command, Function):
            self._session.state.functions[command.name] = command.body
            return 0
        if isinstance(command, Simple):
            return await self._simple(command, streams)
        changed = await redirected(self._session, self._expander, command.redirects, streams)
        if changed is None:
            return 1
        return await self._compound(command, changed)

    async def _compound(self, command: Command, streams: Streams) -> int:
        match command:
            case Group(script, subshell):
                if subshell:
                    return await self._subshell(Group(script, subshell=False), streams)
                return await self.script(script, streams)
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
            return await self.script(script, streams) == 0
        finally:
            self._tested -= 1

    async def _if(self, command: If, streams: Streams) -> int:
        for condition, body in command.branches:
            if await self._test(condition, streams):
                return await self.script(body, streams)
        if command.otherwise is not None:
            return await self.script(command.otherwise, streams)
        return 0

    async def _for(self, command: For, streams: Streams) -> int:
        words = self._session.state.positional if command.words is None else await self._expander.fields(command.words)
        status = 0
        for value in words:
            self._session.state.variables[command.name] = value
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
        await self._session.clock.sleep(0)
        try:
            return await self.script(body, streams)
        except LoopJump as jump:
            if jump.levels > 1:
                raise LoopJump(leave=jump.leave, levels=jump.levels - 1) from None
            return None if jump.leave else 0

    async def _case(self, command: Case, streams: Streams) -> int:
        subject = await self._expander.text(command.subject)
        for patterns, body in command.arms:
            for pattern in patterns:
                if fnmatch.fnmatchcase(subject, await self._expander.pattern(pattern)):
                    return await self.script(body, streams)
        return 0

    async def _simple(self, command: Simple, streams: Streams) -> int:
        self._session.line = command.line
        self._substitution_status = None
        words = await self._expander.fields(command.words)
        changed = await redirected(self._session, self._expander, command.redirects, streams)
        if changed is None:
            return 1
        if not words:
            await self._assign(command.assignments)
            return self._substitution_status or 0
        before = dict(self._session.state.variables), set(self._session.state.exported)
        await self._assign(command.assignments)
        self._session.state.exported.update(assignment.name for assignment in command.assignments)
        if "xtrace" in self._session.state.options:
            streams.stderr(f"+ {' '.join(_traced(word) for word in words)}\n")
        try:
            return await self._launcher.run(tuple(words), changed)
        finally:
            if command.assignments:
                self._session.state.variables, self._session.state.exported = before

    async def _assign(self, assignments: Sequence[Assignment]) -> None:
        for assignment in assignments:
            self._session.state.variables[assignment.name] = await self._expander.text(assignment.value)

    @property
    def _expander(self) -> Expander:
        return Expander(self._session.state, self._session.files, self._substitute)

    async def _substitute(self, source: str) -> str:
        buffer = TextBuffer()
        script = parse_script(source)
        group = Group(script, subshell=False)
        streams = Streams(TextInput(), buffer.write, self._session.errors)
        self._substitution_status = await self._subshell(group, streams)
        return buffer.text


def _traced(word: str) -> str:
    safe = all(letter.isalnum() or letter in "_@%+=:,./-" for letter in word) and word
    return word if safe else "'" + word.replace("'", "'\"'\"'") + "'"
