"""Whatever is written, an expression is refused or evaluated, and never breaks what reads it."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from kubecapy.apimachinery.cel import types
from kubecapy.apimachinery.cel.checker import Declared, check
from kubecapy.apimachinery.cel.costs import most_cost
from kubecapy.apimachinery.cel.declarations import overloads
from kubecapy.apimachinery.cel.estimates import Range
from kubecapy.apimachinery.cel.evaluation import Program
from kubecapy.apimachinery.cel.issues import CelError

FIELDS = {
    "a": types.INT,
    "s": types.STRING,
    "l": types.list_of(types.INT),
    "m": types.map_of(types.STRING, types.STRING),
    "o": types.object_of("O"),
    "d": types.DYN,
    "t": types.TIMESTAMP,
    "u": types.DURATION,
}
DECLARED = Declared({"self": types.object_of("O"), "x": types.DYN}, {"O": FIELDS})
VALUE = {
    "a": 1,
    "s": "abc",
    "l": [1, 2],
    "m": {"k": "v"},
    "o": {},
    "d": 3,
    "t": datetime(2021, 1, 1, tzinfo=UTC),
    "u": timedelta(seconds=5),
}
ANYTHING: list[Any] = [1, "a", [1], {"a": 1}, None, 2.5, True]
NAMES = sorted(name for name in overloads() if name[0].isalpha())
SIGNS = ("+", "-", "*", "/", "%", "<", "<=", ">", "==", "!=", "in", "&&", "||")
MACROS = ("all", "exists", "exists_one", "map", "filter", "sortBy", "optMap", "optFlatMap")
WIDE_MACROS = ("all", "exists", "existsOne", "transformList", "transformMap", "transformMapEntry")
NOISE = "()[]{}.,?:'\"`\\@#=&|é\n u0x"
LEAVES = (
    *("1", "-1", "2.5", "'a'", "''", "b'a'", "true", "null", "1u", "[]", "{}", "[1, 2]", "['a']", "{'a': 1}"),
    *("self", "x", *(f"self.{name}" for name in FIELDS)),
    *("duration('1s')", "timestamp('2021-01-01T00:00:00Z')", "optional.of(1)", "optional.none()", "dyn([1])"),
    *("int", "list", "quantity('1')", "ip('1.1.1.1')", "cidr('1.0.0.0/8')", "url('/a')", "semver('1.2.3')"),
)


class Writer:
    """Writes expressions, most of which make no sense."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def write(self, depth: int) -> str:
        if depth == 0 or self._random.random() < 0.2:
            # What is typed late fits everywhere, so that more is evaluated.
            return self._pick((self._pick(LEAVES), "x", "self.d", "dyn('a')"))
        one, other, third = (self.write(depth - 1) for _ in range(3))
        inner = other.replace("x", "v")
        return self._pick(
            (
                f"({one} {self._pick(SIGNS)} {other})",
                f"{self._pick('!-')}{one}",
                f"({one} ? {other} : {third})",
                f"{one}.{self._pick(NAMES)}({self._pick(('', other, f'{other}, {third}'))})",
                f"{self._pick(NAMES)}({self._pick((one, f'{one}, {other}'))})",
                f"{one}.{self._pick(MACROS)}(v, {inner})",
                f"{one}.{self._pick(WIDE_MACROS)}(i, v, {inner})",
                f"{one}{self._pick(('.', '.?'))}{self._pick(('a', 's', 'o', 'zz'))}",
                f"{one}[{self._pick(('', '?'))}{other}]",
            )
        )

    def spoil(self, expression: str) -> str:
        at = self._random.randrange(len(expression) + 1)
        return expression[:at] + self._pick(NOISE) + expression[at:]

    def _pick(self, choices: Any) -> str:
        return str(self._random.choice(choices))


@pytest.mark.parametrize("seed", range(4))
def test_an_expression_of_any_kind_is_refused_or_evaluated(seed: int) -> None:
    random = Random(seed)
    writer = Writer(random)
    evaluated = 0
    for _ in range(400):
        expression = writer.write(random.choice((1, 1, 2, 3)))
        expression = writer.spoil(expression) if random.random() < 0.1 else expression
        with suppress(CelError):
            checked = check(expression, DECLARED)
            most_cost(checked, lambda _path: Range(0, 10))
            Program(checked).evaluate({"self": VALUE, "x": random.choice(ANYTHING)})
            evaluated += 1
    assert evaluated > 40
