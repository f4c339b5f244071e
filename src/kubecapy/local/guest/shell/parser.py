"""Read a shell script into its tree.

Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html, section 2.10 (the grammar).
"""

import re
from collections.abc import Callable

from kubecapy.local.guest.shell.lexer import Token, tokenize
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
    Text,
    While,
    Word,
)

REDIRECTIONS = frozenset({"<", ">", ">>", "<<", "<<-", ">&", "<&", "&>", "&>>", ">|"})
_CLOSING = frozenset({"then", "elif", "else", "fi", "do", "done", "esac", "}"})
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


def parse_script(source: str) -> Script:
    """Return the tree of `source`.

    Raises:
        ShellSyntaxError: it is no shell script, or it uses what this shell lacks (background jobs).
    """
    parser = _Parser(tokenize(source))
    script = parser.script()
    parser.expect_end()
    return script


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._index = 0

    @property
    def _token(self) -> Token:
        return self._tokens[self._index]

    def script(self) -> Script:
        lists: list[AndOr] = []
        self._skip_newlines()
        while not self._at_close():
            lists.append(self._and_or())
            if self._token.kind == "operator" and self._token.text == "&":
                raise ShellSyntaxError("background jobs (&) are not simulated", self._token.line)
            if not self._take_operator(";") and self._token.kind != "newline":
                break
            self._skip_newlines()
        return Script(tuple(lists))

    def expect_end(self) -> None:
        """Fail where something is left."""
        if self._token.kind != "end":
            raise self._unexpected()

    def _at_close(self) -> bool:
        token = self._token
        return token.kind == "end" or token.text in (")", ";;") or token.word.plain in _CLOSING

    def _and_or(self) -> AndOr:
        first = self._pipeline()
        rest: list[tuple[str, Pipeline]] = []
        while self._token.kind == "operator" and self._token.text in ("&&", "||"):
            joint = self._advance().text
            self._skip_newlines()
            rest.append((joint, self._pipeline()))
        return AndOr(first, tuple(rest))

    def _pipeline(self) -> Pipeline:
        negated = self._take_word("!")
        commands = [self._command()]
        while self._take_operator("|"):
            self._skip_newlines()
            commands.append(self._command())
        return Pipeline(tuple(commands), negated)

    def _command(self) -> Command:
        readers: dict[str | None, Callable[[], Command]] = {
            "if": self._if,
            "for": self._for,
            "while": self._while,
            "until": self._while,
            "case": self._case,
        }
        word = self._token.word.plain if self._token.kind == "word" else None
        if word in readers:
            return readers[word]()
        if self._take_operator("("):
            script = self.script()
            self._expect_operator(")")
            return Group(script, subshell=True, redirects=self._redirects())
        if self._take_word("{"):
            script = self.script()
            self._expect_word("}")
            return Group(script, subshell=False, redirects=self._redirects())
        if self._is_function():
            return self._function()
        return self._simple()

    def _is_function(self) -> bool:
        following = self._tokens[self._index + 1 : self._index + 3]
        return self._token.kind == "word" and [token.text for token in following] == ["(", ")"]

    def _function(self) -> Function:
        name = self._advance().text
        self._index += 2
        self._skip_newlines()
        return Function(name, self._command())

    def _simple(self) -> Simple:
        line = self._token.line
        assignments: list[Assignment] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        while True:
            redirect = self._redirect()
            if redirect is not None:
                redirects.append(redirect)
            elif self._token.kind != "word":
                break
            elif not words and (assignment := _assignment(self._token.word)):
                assignments.append(assignment)
                self._index += 1
            else:
                words.append(self._advance().word)
        if not (assignments or words or redirects):
            raise self._unexpected()
        return Simple(tuple(assignments), tuple(words), tuple(redirects), line)

    def _redirects(self) -> tuple[Redirect, ...]:
        found: list[Redirect] = []
        while (redirect := self._redirect()) is not None:
            found.append(redirect)
        return tuple(found)

    def _redirect(self) -> Redirect | None:
        token = self._token
        if token.kind != "operator" or token.text not in REDIRECTIONS:
            return None
        self._index += 1
        if self._token.kind != "word":
            raise self._unexpected()
        default = 0 if token.text.startswith("<") else 1
        descriptor = default if token.descriptor is None else token.descriptor
        return Redirect(descriptor, token.text, self._advance().word)

    def _if(self) -> If:
        self._index += 1
        branches = [self._branch()]
        while self._take_word("elif"):
            branches.append(self._branch())
        otherwise = self.script() if self._take_word("else") else None
        self._expect_word("fi")
        return If(tuple(branches), otherwise, self._redirects())

    def _branch(self) -> tuple[Script, Script]:
        condition = self.script()
        self._expect_word("then")
        return condition, self.script()

    def _while(self) -> While:
        until = self._advance().text == "until"
        condition = self.script()
        body = self._loop_body()
        return While(condition, body, until, self._redirects())

    def _for(self) -> For:
        self._index += 1
        name = self._advance().text
        self._skip_newlines()
        words: list[Word] | None = None
        if self._take_word("in"):
            words = []
            while self._token.kind == "word":
                words.append(self._advance().word)
        self._take_operator(";")
        body = self._loop_body()
        return For(name, None if words is None else tuple(words), body, self._redirects())

    def _loop_body(self) -> Script:
        self._skip_newlines()
        self._expect_word("do")
        body = self.script()
        self._expect_word("done")
        return body

    def _case(self) -> Case:
        self._index += 1
        subject = self._advance().word
        self._skip_newlines()
        self._expect_word("in")
        self._skip_newlines()
        arms: list[tuple[tuple[Word, ...], Script]] = []
        while not self._take_word("esac"):
            arms.append(self._arm())
        return Case(subject, tuple(arms), self._redirects())

    def _arm(self) -> tuple[tuple[Word, ...], Script]:
        self._take_operator("(")
        patterns = [self._advance().word]
        while self._take_operator("|"):
            patterns.append(self._advance().word)
        self._expect_operator(")")
        body = self.script()
        self._take_operator(";;")
        self._skip_newlines()
        return tuple(patterns), body

    def _advance(self) -> Token:
        token = self._token
        if token.kind == "end":
            raise self._unexpected()
        self._index += 1
        return token

    def _skip_newlines(self) -> None:
        while self._token.kind == "newline":
            self._index += 1

    def _take_operator(self, text: str) -> bool:
        found = self._token.kind == "operator" and self._token.text == text
        self._index += found
        return found

    def _take_word(self, text: str) -> bool:
        found = self._token.kind == "word" and self._token.word.plain == text
        self._index += found
        return found

    def _expect_operator(self, text: str) -> None:
        if not self._take_operator(text):
            raise self._unexpected(text)

    def _expect_word(self, text: str) -> None:
        if not self._take_word(text):
            raise self._unexpected(text)

    def _unexpected(self, expected: str = "") -> ShellSyntaxError:
        names = {"newline": "newline", "end": "end of file"}
        shown = names.get(self._token.kind) or f'"{self._token.text}"'
        hint = f' (expecting "{expected}")' if expected else ""
        return ShellSyntaxError(f"Syntax error: {shown} unexpected{hint}", self._token.line)


def _assignment(word: Word) -> Assignment | None:
    first = word.parts[0] if word.parts else None
    if not isinstance(first, Text) or first.quoted or not _ASSIGNMENT.match(first.value):
        return None
    name, _, rest = first.value.partition("=")
    head = (Text(rest),) if rest else ()
    return Assignment(name, Word((*head, *word.parts[1:])))
