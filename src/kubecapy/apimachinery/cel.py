"""Evaluate rules in the Common Expression Language.

The only module that calls the CEL library. Functions of Kubernetes' own CEL libraries that the language core lacks are
registered here: https://kubernetes.io/docs/reference/using-api/cel/#cel-options-language-features-and-libraries.

Limit: optional field selection (`self.?name`), macros with two variables, `cel.bind` and `semver` are not understood:
an expression with them does not compile. Nothing is typed before it is evaluated, and nothing has a cost.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from kubecapy.apimachinery.cel_functions import formats, networks, quantities, texts, web
from kubecapy.apimachinery.cel_library import cel, stdlib
from kubecapy.apimachinery.cel_text import call_instead

_NAME: Final = r"\s*([A-Za-z_]\w*)\s*,"
_BINDING: Final = re.compile(rf"\.\s*(?:all|exists|exists_one|map|filter)\s*\({_NAME}(?:{_NAME})?")
_REFUSED: Final = re.compile(
    r"Function '(?P<name>[\w.]+)' error: (?:Python function call failed: \w+: (?P<own>.*?)|(?P<words>.*?))"
    r"\.? Check function arguments and their types"
)
_CONVERSIONS: Final = {
    "int": "int", "uint": "uint", "double": "double", "bool": "bool",
    "timestamp": "google.protobuf.Timestamp", "duration": "google.protobuf.Duration",
}  # fmt: skip
"""Functions that convert a text, and what cel-go calls the type of their result."""
_TYPE_NAMES: Final = frozenset(
    {"bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint", "dyn", "optional"}
)


class CelError(ValueError):
    """An expression does not compile, or fails on a value; the message is one sentence."""


class Expression:
    """One compiled expression; values of this class are immutable and may be shared."""

    def __init__(self, text: str, variables: Iterable[str]) -> None:
        """Compile `text`, which may name `variables` and nothing else.

        Raises:
            CelError: `text` is no expression, or names an unknown variable or function.
        """
        self.text = text
        self._program = _compile(text)
        self.variables = frozenset(self._program.variables()) & frozenset(variables)
        """Those of the allowed variables that the expression uses."""
        self.functions = {name: _FUNCTIONS[name] for name in _registered_names(self._program.functions())}
        """What a scope must offer so that the expression can be evaluated in it."""
        self._refuse_unknown(frozenset(variables))

    def evaluate(self, scope: "Scope") -> Any:
        """Return the expression's value in `scope`.

        Raises:
            CelError: the evaluation fails, such as on an absent key or a division by zero.
        """
        try:
            return self._program.execute(scope.context)
        except (LookupError, TypeError, ValueError, RuntimeError, ArithmeticError) as error:
            raise CelError(_words_of(error)) from error

    def _refuse_unknown(self, variables: frozenset[str]) -> None:
        bound = {name for match in _BINDING.findall(self.text) for name in match if name}
        for name in self._program.variables():
            if name not in variables | bound | _TYPE_NAMES and not _is_namespace(name):
                raise CelError(f"compilation failed: undeclared reference to '{name}' (in container '')")
        for name in self._program.functions():
            if name[0].isalpha() and name not in _BUILT_IN and not _registered_names([name]):
                raise CelError(f"compilation failed: undeclared reference to '{name}' (in container '')")


class Scope:
    """Values that expressions see; made once and used for every expression on the same values.

    Converting a value to CEL's own form costs more than evaluating a rule on it, hence one scope for many rules.
    """

    def __init__(self, variables: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> None:
        """Convert `variables` (JSON values) and offer `functions`, those that the expressions ask for."""
        self.context = cel.Context(variables=dict(variables), functions=dict(functions))


def optional_value(value: Any) -> object:
    """Return the CEL optional that holds a JSON `value`."""
    return cel.OptionalValue.of(value)


def no_value() -> object:
    """Return the CEL optional that holds nothing."""
    return cel.OptionalValue.none()


def _compile(text: str) -> cel.Program:
    try:
        return cel.compile(call_instead(text, _INSTEAD))
    except ValueError as error:
        raise CelError(f"compilation failed: {_first_line(str(error))}") from error


def _first_line(text: str) -> str:
    return text.partition("\n")[0].removesuffix(".")


def _words_of(error: Exception) -> str:
    """Return what cel-go says where the library raises `error`."""
    text = _first_line(str(error))
    match error:
        case KeyError():
            return f"no such key: {_quoted(text)}"
        case OverflowError():
            return "integer overflow"
        case ZeroDivisionError():
            return "modulus by zero" if text.startswith("modulo") else "division by zero"
    refused = _REFUSED.fullmatch(text)
    if refused is None:
        return text
    if refused["own"] is None and refused["name"] in _CONVERSIONS:
        return f"type conversion error from 'string' to '{_CONVERSIONS[refused['name']]}'"
    return refused["own"] or refused["words"]


def _quoted(text: str) -> str:
    """Return the key that a KeyError tells of: it shows a text in quotes, twice."""
    return text.strip("\"'")


def _is_namespace(name: str) -> bool:
    """Dotted functions such as `math.greatest` are seen as a variable and a method."""
    return name in _NAMESPACES


_BUILT_IN: Final = frozenset(
    {
        "all", "bool", "bytes", "contains", "double", "duration", "dyn", "endsWith", "exists", "exists_one", "filter",
        "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours", "getMilliseconds",
        "getMinutes", "getMonth", "getSeconds", "has", "hasValue", "int", "map", "matches", "of", "optional.none",
        "optional.of", "optional.ofNonZeroValue", "orValue", "or", "none", "ofNonZeroValue", "size", "startsWith",
        "string", "timestamp", "type", "uint", "value", "optMap", "optFlatMap",
    }
)  # fmt: skip
_NAMESPACES: Final = frozenset({"sets", "strings", "optional", "ip", "format"})
_INSTEAD: Final = MappingProxyType({"size": "size_"})
"""Functions of the library's core that it gets wrong, and what is called instead: it counts the bytes of a text."""


_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        **stdlib.EXTENSIONS["sets"],
        "strings.quote": stdlib.EXTENSIONS["strings"]["strings.quote"],
        **texts.FUNCTIONS,
        **quantities.FUNCTIONS,
        **networks.FUNCTIONS,
        **web.FUNCTIONS,
        **formats.FUNCTIONS,
        "size_": len,
    }
)
"""Every registered function by name."""


def _registered_names(called: Iterable[str]) -> list[str]:
    """Return the registered functions that are meant by `called`: the library tells of `math.abs` as `abs`."""
    wanted = frozenset(called)
    return [name for name in _FUNCTIONS if name.rpartition(".")[2] in wanted]
