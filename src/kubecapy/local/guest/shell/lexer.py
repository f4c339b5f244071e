"""Cut a shell script into tokens: words with their parts, operators and line ends.

Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html, sections 2.2, 2.3, 2.6 and 2.7.4.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from kubecapy.local.guest.shell.syntax import (
    Arithmetic,
    Parameter,
    Part,
    ShellSyntaxError,
    Substitution,
    Text,
    Word,
)

OPERATORS = ("<<-", "&>>", "&&", "||", ";;", ">>", "<<", ">&", "<&", "&>", ">|", ";", "&", "|", "(", ")", "<", ">")
PARAMETER_OPERATORS = (":-", ":=", ":+", ":?", "%%", "##", "-", "=", "+", "?", "%", "#")
SPECIAL_PARAMETERS = "?#@*$!0123456789-"
NO_WORD = Word(())
_BREAKS = " \t\n;&|()<>"


@dataclass(frozen=True)
class Token:
    """One token; a word carries its parts, a here-document operator gets its body in `word` once it was read."""

    kind: Literal["word", "operator", "newline", "end"]
    text: str
    line: int
    word: Word = NO_WORD
    descriptor: int | None = None
    """The number that stands directly before a redirection."""


@dataclass
class _PendingHereDocument:
    index: int
    delimiter: str
    quoted: bool
    strip_tabs: bool


def tokenize(source: str) -> list[Token]:
    """Return the tokens of `source`, the last of kind `end`.

    Raises:
        ShellSyntaxError: a quote, brace or substitution is not closed.
    """
    return _Lexer(source).run()


def expandable_word(text: str) -> Word:
    """Return the word of a text in which parameters and substitutions are expanded but quotes mean nothing.

    Here-documents and arithmetic expressions are read so.
    """
    lexer = _Lexer(text)
    return Word(tuple(lexer.double_quoted(terminator="")))


class _Lexer:
    def __init__(self, source: str) -> None:
        self._source = source.replace("\\\n", "")
        self._position = 0
        self._line = 1
        self._tokens: list[Token] = []
        self._pending: list[_PendingHereDocument] = []

    def run(self) -> list[Token]:
        while self._position < len(self._source):
            self._next()
        self._add("end", "")
        return self._tokens

    def _next(self) -> None:
        letter = self._peek()
        if letter in " \t":
            self._position += 1
        elif letter == "#":
            self._skip_comment()
        elif letter == "\n":
            self._end_line()
        elif self._operator_here():
            self._add_operator(None)
        else:
            self._add_word()

    def _peek(self, ahead: int = 0) -> str:
        index = self._position + ahead
        return self._source[index] if index < len(self._source) else ""

    def _add(self, kind: Literal["word", "operator", "newline", "end"], text: str) -> None:
        self._tokens.append(Token(kind, text, self._line))

    def _skip_comment(self) -> None:
        while self._peek() not in ("", "\n"):
            self._position += 1

    def _operator_here(self) -> str:
        return next((text for text in OPERATORS if self._source.startswith(text, self._position)), "")

    def _add_operator(self, descriptor: int | None) -> None:
        text = self._operator_here()
        self._position += len(text)
        self._tokens.append(Token("operator", text, self._line, descriptor=descriptor))

    def _add_word(self) -> None:
        start, line = self._position, self._line
        word = self._read_word()
        raw = self._source[start : self._position]
        if raw.isdigit() and self._peek() in ("<", ">"):
            self._add_operator(int(raw))
            return
        self._tokens.append(Token("word", raw, line, word))
        self._note_here_document(word, raw)

    def _note_here_document(self, word: Word, raw: str) -> None:
        previous = self._tokens[-2] if len(self._tokens) > 1 else None
        if previous is None or previous.kind != "operator" or previous.text not in ("<<", "<<-"):
            return
        delimiter = "".join(part.value for part in word.parts if isinstance(part, Text))
        quoted = any(letter in raw for letter in "'\"\\")
        self._pending.append(_PendingHereDocument(len(self._tokens) - 1, delimiter, quoted, previous.text == "<<-"))

    def _end_line(self) -> None:
        self._position += 1
        self._add("newline", "\n")
        self._line += 1
        for pending in self._pending:
            body = self._read_here_document(pending)
            word = Word((Text(body, quoted=True),)) if pending.quoted else expandable_word(body)
            token = self._tokens[pending.index]
            self._tokens[pending.index] = Token(token.kind, token.text, token.line, word)
        self._pending.clear()

    def _read_here_document(self, pending: _PendingHereDocument) -> str:
        lines: list[str] = []
        while self._position < len(self._source):
            line, _, _ = self._source[self._position :].partition("\n")
            self._position = min(self._position + len(line) + 1, len(self._source))
            self._line += 1
            text = line.lstrip("\t") if pending.strip_tabs else line
            if text == pending.delimiter:
                break
            lines.append(f"{text}\n")
        return "".join(lines)

    def _read_word(self) -> Word:
        parts: list[Part] = []
        while (letter := self._peek()) and letter not in _BREAKS:
            if letter == "'":
                parts.append(self._single_quoted())
            elif letter == '"':
                self._position += 1
                parts.extend(self.double_quoted(terminator='"') or [Text("", quoted=True)])
            elif letter == "\\":
                parts.append(Text(self._peek(1), quoted=True))
                self._position += 2
            elif letter in "$`":
                parts.append(self._expansion(quoted=False))
            else:
                parts.append(self._bare())
        return Word(tuple(_joined(parts)))

    def _bare(self) -> Text:
        start = self._position
        while self._peek() and self._peek() not in _BREAKS + "'\"\\$`":
            self._position += 1
        return Text(self._source[start : self._position])

    def _single_quoted(self) -> Text:
        end = self._source.find("'", self._position + 1)
        if end < 0:
            raise ShellSyntaxError("Syntax error: Unterminated quoted string", self._line)
        value = self._source[self._position + 1 : end]
        self._line += value.count("\n")
        self._position = end + 1
        return Text(value, quoted=True)

    def double_quoted(self, *, terminator: str) -> list[Part]:
        """Read up to `terminator`, or to the end of the source where it is empty; quotes are literal then."""
        parts: list[Part] = []
        while (letter := self._peek()) != terminator:
            if not letter:
                raise ShellSyntaxError("Syntax error: Unterminated quoted string", self._line)
            if letter == "\\" and self._peek(1) in ('$`"\\' if terminator else "$`\\") and self._peek(1):
                parts.append(Text(self._peek(1), quoted=True))
                self._position += 2
            elif letter in "$`":
                parts.append(self._expansion(quoted=True))
            else:
                self._line += letter == "\n"
                parts.append(Text(letter, quoted=True))
                self._position += 1
        self._position += len(terminator)
        return list(_joined(parts))

    def _expansion(self, *, quoted: bool) -> Part:
        if self._peek() == "`":
            return Substitution(self._backquoted(), quoted)
        if self._source.startswith("$((", self._position):
            return Arithmetic(expandable_word(self._balanced(3, "))")), quoted)
        following = self._peek(1)
        if following == "(":
            return Substitution(self._balanced(2, ")"), quoted)
        if following == "{":
            return self._braced(quoted=quoted)
        if following and following in SPECIAL_PARAMETERS:
            self._position += 2
            return Parameter(following, quoted=quoted)
        name = _leading_name(self._source[self._position + 1 :])
        self._position += 1 + len(name)
        return Parameter(name, quoted=quoted) if name else Text("$", quoted)

    def _backquoted(self) -> str:
        end = self._source.find("`", self._position + 1)
        if end < 0:
            raise ShellSyntaxError("Syntax error: EOF in backquote substitution", self._line)
        value = self._source[self._position + 1 : end]
        self._position = end + 1
        return value

    def _balanced(self, skip: int, closing: str) -> str:
        """Read to the parenthesis that closes this one; quoted parentheses do not count."""
        start = self._position + skip
        depth, index = 1, start
        quote = ""
        while index < len(self._source):
            letter = self._source[index]
            if letter == "\\" and quote != "'":
                index += 1
            elif quote:
                quote = "" if letter == quote else quote
            elif letter in "'\"":
                quote = letter
            elif letter == "(":
                depth += 1
            elif letter == ")":
                depth -= 1
                if depth == 0:
                    break
            index += 1
        if depth or not self._source.startswith(closing, index):
            raise ShellSyntaxError('Syntax error: end of file unexpected (expecting ")")', self._line)
        self._position = index + len(closing)
        return self._source[start:index]

    def _braced(self, *, quoted: bool) -> Parameter:
        self._position += 2
        length = self._peek() == "#" and self._peek(1) not in ("", "}")
        self._position += length
        rest = self._source[self._position :]
        name = _leading_name(rest) or (rest[:1] if rest[:1] in SPECIAL_PARAMETERS else "")
        self._position += len(name)
        operator = "" if length else next((text for text in PARAMETER_OPERATORS if self._starts(text)), "")
        self._position += len(operator)
        argument = Word(tuple(self._braced_argument(quoted=quoted)))
        if not name or (argument.parts and not operator):
            raise ShellSyntaxError("Bad substitution", self._line)
        return Parameter(name, "length" if length else operator, argument if operator else None, quoted)

    def _starts(self, text: str) -> bool:
        return self._source.startswith(text, self._position)

    def _braced_argument(self, *, quoted: bool) -> Iterator[Part]:
        while (letter := self._peek()) != "}":
            if not letter:
                raise ShellSyntaxError('Syntax error: Missing "}"', self._line)
            if letter == "'" and not quoted:
                yield self._single_quoted()
            elif letter == '"':
                self._position += 1
                yield from self.double_quoted(terminator='"')
            elif letter == "\\":
                yield Text(self._peek(1), quoted=True)
                self._position += 2
            elif letter in "$`":
                yield self._expansion(quoted=quoted)
            else:
                yield Text(letter, quoted)
                self._position += 1
        self._position += 1


def _leading_name(text: str) -> str:
    end = 0
    while end < len(text) and (text[end].isalnum() or text[end] == "_") and text[end].isascii():
        end += 1
    return "" if text[:1].isdigit() else text[:end]


def _joined(parts: list[Part]) -> Iterator[Part]:
    """Join neighbouring texts of one quoting; an empty quoted text between others changes nothing."""
    held: Text | None = None
    for part in parts:
        if isinstance(part, Text) and held is not None and held.quoted == part.quoted:
            held = Text(held.value + part.value, part.quoted)
            continue
        if held is not None:
            yield held
        held = part if isinstance(part, Text) else None
        if held is None:
            yield part
    if held is not None:
        yield held
