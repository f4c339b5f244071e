"""Read an expression into its tree.

Limit: of an expression that is no CEL at all, the first fault is told; cel-go goes on to guess at more.

Source: parser/gen/CEL.g4 and parser/parser.go of cel-go.
"""

from collections.abc import Callable, Sequence
from typing import Final, NoReturn, TypeVar

from kubecapy.apimachinery.cel.issues import CelError, Issue, describe
from kubecapy.apimachinery.cel.literals import LiteralError, read_bytes, read_double, read_int, read_text, read_uint
from kubecapy.apimachinery.cel.macros import MacroError, expand
from kubecapy.apimachinery.cel.tokens import Token, split
from kubecapy.apimachinery.cel.tree import (
    Call,
    Entry,
    Ident,
    ListNode,
    Literal,
    MapNode,
    Message,
    Node,
    Select,
    Uint,
    Value,
    is_deeper,
)

_Read = TypeVar("_Read", bound=Value)

RESERVED: Final = frozenset(
    {
        "as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop",
        "package", "namespace", "null", "return", "true", "var", "void", "while",
    }
)  # fmt: skip
"""Words that no variable may be named by."""
_CONSTANTS: Final = {"true": True, "false": False, "null": None}
_STRENGTHS: Final = {
    "||": 1, "&&": 2,
    "<": 3, "<=": 3, ">=": 3, ">": 3, "==": 3, "!=": 3, "in": 3,
    "+": 4, "-": 4, "*": 5, "/": 5, "%": 5,
}  # fmt: skip
"""How strong operators of two operands bind; all bind to the left."""
_LONGEST: Final = 100_000
_MOST_NESTED: Final = 60
_DEEPEST: Final = 150
"""Limit: a level of brackets costs up to nine of Python's stack frames, a level of the tree three, and there are a
thousand of them; cel-go allows 250 of both."""
_OPERAND: Final = (
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
)
_OPENING: Final = frozenset("[{(.-!")
_READERS: Final[dict[str, Callable[[str], Value]]] = {
    "text": read_text,
    "bytes": read_bytes,
    "double": read_double,
    "int": lambda written: read_int(written, is_negative=False),
    "uint": lambda written: Uint(read_uint(written)),
}


def parse(expression: str) -> Node:
    """Return the tree of `expression`, macros expanded.

    Raises:
        CelError: it is no expression; the message tells every place.
    """
    if len(expression) > _LONGEST:
        message = f"expression code point size exceeds limit: size: {len(expression)}, limit {_LONGEST}"
        raise CelError(describe(expression, [Issue(-1, message)]))
    issues: list[Issue] = []
    tokens = split(expression, issues)
    try:
        tree = _Parser(tokens, issues).whole()
        if is_deeper(tree, _DEEPEST):
            issues.append(_too_deep(_DEEPEST))
    except _SyntaxError as error:
        issues.append(error.issue)
    if issues:
        raise CelError(describe(expression, issues))
    return tree


def _too_deep(limit: int) -> Issue:
    return Issue(-1, f"expression recursion limit exceeded: {limit}")


class _SyntaxError(ValueError):
    """Reading cannot go on."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.message)
        self.issue = issue


class _Parser:
    """Reads tokens from left to right; each method reads one rule of the grammar."""

    def __init__(self, tokens: Sequence[Token], issues: list[Issue]) -> None:
        self._tokens = tokens
        self._issues = issues
        self._at = 0
        self._nested = 0

    def whole(self) -> Node:
        tree = self._expression()
        if self._next.kind != "end":
            # What could be left out is extraneous, and what goes on after it is a mismatch.
            problem = "extraneous" if self._after.kind == "end" else "mismatched"
            self._fail(f"{problem} input '{self._next.text}' expecting <EOF>")
        return tree

    def _expression(self) -> Node:
        self._nested += 1
        if self._nested > _MOST_NESTED:
            raise _SyntaxError(_too_deep(_MOST_NESTED))
        found = self._binary(1)
        if self._is("?"):
            mark = self._take()
            chosen = self._binary(1)
            self._expect(":")
            found = Call(mark.offset, "_?_:_", None, (found, chosen, self._expression()))
        self._nested -= 1
        return found

    def _binary(self, weakest: int) -> Node:
        """Read operands and the operators between them that bind at least as strong as `weakest`."""
        left: Node = self._unary()
        while (strength := self._strength()) >= weakest:
            sign = self._take()
            right = self._binary(strength + 1)
            function = "@in" if sign.text == "in" else f"_{sign.text}_"
            operands: tuple[Node, ...] = (left,)
            if sign.text in ("&&", "||") and isinstance(left, Call) and left.function == function:
                operands = left.arguments
            left = Call(sign.offset, function, None, (*operands, right))
        return left

    def _strength(self) -> int:
        """Return how strong the next token binds as an operator; 0 where it is none."""
        return _STRENGTHS.get(self._next.text, 0) if self._next.kind in ("sign", "name") else 0

    def _unary(self) -> Node:
        if not (self._is("!") or self._is("-")):
            return self._member()
        first = self._take()
        if first.text == "-" and self._next.kind in ("int", "double"):
            return self._postfix(self._negative(first))
        count = 1
        while self._is(first.text):
            self._take()
            count += 1
        operand = self._member()
        return Call(first.offset, f"{first.text}_", None, (operand,)) if count % 2 else operand

    def _negative(self, minus: Token) -> Node:
        token = self._take()
        if token.kind == "double":
            return Literal(minus.offset, -self._read(minus.offset, lambda: read_double(token.text), 0.0))
        return Literal(minus.offset, self._read(minus.offset, lambda: read_int(token.text, is_negative=True), 0))

    def _member(self) -> Node:
        return self._postfix(self._primary())

    def _postfix(self, operand: Node) -> Node:
        while self._is(".") or self._is("["):
            operand = self._select(operand) if self._is(".") else self._index(operand)
        return operand

    def _select(self, operand: Node) -> Node:
        dot = self._take()
        is_optional = self._skip("?")
        name = self._field_name()
        if is_optional:
            return Call(dot.offset, "_?._", None, (operand, Literal(name.offset, name.text)))
        if name.kind == "name" and self._is("("):
            return self._call(name.text, operand)
        return Select(dot.offset, operand, name.text)

    def _field_name(self) -> Token:
        name = self._next
        if name.kind == "escaped":
            self._issues.append(Issue(name.offset, "unsupported syntax: '`'"))
        elif name.kind == "name" and name.text in _CONSTANTS:
            self._fail(f"mismatched input '{name.text}' expecting IDENTIFIER")
        elif name.kind != "name" or name.text == "in":
            self._fail(f"no viable alternative at input '.{name.text if name.kind != 'end' else ''}'")
        return self._take()

    def _index(self, operand: Node) -> Node:
        bracket = self._take()
        function = "_[?_]" if self._skip("?") else "_[_]"
        index = self._expression()
        self._expect("]")
        return Call(bracket.offset, function, None, (operand, index))

    def _call(self, function: str, target: Node | None) -> Node:
        bracket = self._take()
        arguments = () if self._is(")") else self._arguments()
        self._expect(")")
        try:
            expanded = expand(bracket.offset, function, target, arguments)
        except MacroError as error:
            self._issues.append(error.issue)
            return Ident(bracket.offset, function)
        return expanded if expanded is not None else Call(bracket.offset, function, target, arguments)

    def _arguments(self) -> tuple[Node, ...]:
        if not self._starts_operand(self._next):
            self._fail_at_operand(_OPERAND.replace("'('", "'(', ')'"), or_sign=")")
        return self._listed(self._expression)

    def _primary(self) -> Node:
        if not self._starts_operand(self._next):
            self._fail_at_operand(_OPERAND)
        token = self._take()
        if token.kind in _READERS:
            return Literal(token.offset, self._read(token.offset, lambda: _READERS[token.kind](token.text), None))
        if token.kind == "name" and token.text in _CONSTANTS:
            return Literal(token.offset, _CONSTANTS[token.text])
        if token.kind == "name":
            return self._named(token, token.text)
        match token.text:
            case "(":
                inner = self._expression()
                self._expect(")")
                return inner
            case "[":
                return self._list(token.offset)
            case "{":
                return self._map(token.offset)
            case _:
                name = self._field_name()
                return self._named(name, f".{name.text}")

    def _starts_operand(self, token: Token) -> bool:
        if token.kind == "name":
            return token.text != "in"
        return token.kind in _READERS or token.text in _OPENING

    def _fail_at_operand(self, wanted: str, *, or_sign: str = "") -> NoReturn:
        goes_on = self._starts_operand(self._after) or self._after.text == or_sign
        problem = "extraneous" if goes_on else "mismatched"
        self._fail(f"{problem} input '{self._next.text}' expecting {wanted}")

    def _named(self, token: Token, name: str) -> Node:
        if token.text in RESERVED:
            self._issues.append(Issue(token.offset, f"reserved identifier: {token.text}"))
            return Literal(token.offset, None)
        if self._is("("):
            return self._call(name, None)
        message = self._message_end()
        return self._message(name, message) if message else Ident(token.offset, name)

    def _message_end(self) -> int:
        """Return where the fields of a message begin: a name, dots and names, and a bracket; 0 where they do not."""
        at = self._at
        while self._tokens[at].text == "." and self._tokens[at + 1].kind == "name":
            at += 2
        return at if self._tokens[at].text == "{" else 0

    def _message(self, name: str, bracket: int) -> Node:
        full = name + "".join(token.text for token in self._tokens[self._at : bracket])
        self._at = bracket
        offset = self._take().offset
        values = () if self._is("}") else self._listed(self._field, "}")
        self._expect("}")
        return Message(offset, full, values)

    def _field(self) -> Node:
        self._skip("?")
        self._take()
        self._expect(":")
        return self._expression()

    def _list(self, offset: int) -> Node:
        optional: set[int] = set()
        count = 0

        def item() -> Node:
            nonlocal count
            if self._skip("?"):
                optional.add(count)
            count += 1
            return self._expression()

        self._skip_lone_comma("]")
        items = () if self._is("]") else self._listed(item, "]")
        self._expect("]", after_item=True)
        return ListNode(offset, items, frozenset(optional))

    def _map(self, offset: int) -> Node:
        entries: list[Entry] = []
        self._skip_lone_comma("}")
        while not self._is("}"):
            is_optional = self._skip("?")
            key = self._expression()
            self._expect(":")
            entries.append(Entry(key, self._expression(), is_optional))
            if not self._skip(","):
                break
        self._expect("}", after_item=True)
        return MapNode(offset, tuple(entries))

    def _listed(self, item: Callable[[], Node], end: str = "") -> tuple[Node, ...]:
        """Return what stands between commas; before `end`, one comma more may stand."""
        items = [item()]
        while self._skip(","):
            if end and not (self._is("?") or self._starts_operand(self._next)):
                break
            items.append(item())
        return tuple(items)

    def _read(self, offset: int, read: Callable[[], _Read], otherwise: _Read) -> _Read:
        try:
            return read()
        except LiteralError as error:
            self._issues.append(Issue(offset, str(error)))
            return otherwise

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _is(self, sign: str) -> bool:
        return self._next.kind == "sign" and self._next.text == sign

    def _skip(self, sign: str) -> bool:
        found = self._is(sign)
        self._at += found
        return found

    def _take(self) -> Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    @property
    def _after(self) -> Token:
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def _skip_lone_comma(self, end: str) -> None:
        if self._is(",") and self._after.text == end:
            self._take()

    def _expect(self, sign: str, *, after_item: bool = False) -> None:
        """Take a sign that must come; with `after_item`, a comma could come there, too."""
        if self._skip(sign):
            return
        given = self._next.text
        wanted = f"{{'{sign}', ','}}" if after_item else f"'{sign}'"
        if self._after.text == sign:
            self._fail(f"extraneous input '{given}' expecting {wanted}")
        if sign == ":" and not self._starts_operand(self._next):
            self._fail(f"mismatched input '{given}' expecting {wanted}")
        self._fail(f"missing '{sign}' at '{given}'")

    def _fail(self, problem: str) -> NoReturn:
        raise _SyntaxError(Issue(self._next.offset, f"Syntax error: {problem}"))
