"""Evaluate rules in the Common Expression Language.

The only module that calls the CEL library. Functions of Kubernetes' own CEL libraries that the language core lacks are
registered here: https://kubernetes.io/docs/reference/using-api/cel/#cel-options-language-features-and-libraries.

Limit: optional field selection (`self.?name`), `quantity`, `url`, `ip` and `cidr` values and escaped names such as
`self.a__dash__b` are not understood; an expression with them does not compile, or fails as on an absent key.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from kubecapy.apimachinery.cel_library import cel, stdlib

_NAME: Final = r"\s*([A-Za-z_]\w*)\s*,"
_BINDING: Final = re.compile(rf"\.\s*(?:all|exists|exists_one|map|filter)\s*\({_NAME}(?:{_NAME})?")
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
        self.functions = {name: _functions()[name] for name in _registered_names(self._program.functions())}
        """What a scope must offer so that the expression can be evaluated in it."""
        self._refuse_unknown(frozenset(variables))

    def evaluate(self, scope: "Scope") -> Any:
        """Return the expression's value in `scope`.

        Raises:
            CelError: the evaluation fails, such as on an absent key or a division by zero.
        """
        try:
            return self._program.execute(scope.context)
        except KeyError as error:
            raise CelError(f"no such key: {error.args[0]}") from error
        except (TypeError, ValueError, RuntimeError, ArithmeticError, IndexError) as error:
            raise CelError(_first_line(str(error))) from error

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
        return cel.compile(text)
    except ValueError as error:
        raise CelError(f"compilation failed: {_first_line(str(error))}") from error


def _first_line(text: str) -> str:
    return text.partition("\n")[0].removesuffix(".")


def _is_namespace(name: str) -> bool:
    """Dotted functions such as `math.greatest` are seen as a variable and a method."""
    return name in _NAMESPACES


def _find(text: str, pattern: str) -> str:
    found = re.search(pattern, text, re.ASCII)
    return found.group() if found else ""


def _find_all(text: str, pattern: str) -> list[str]:
    return [match.group() for match in re.finditer(pattern, text, re.ASCII)]


def _is_sorted(items: list[Any]) -> bool:
    return items == sorted(items)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme) or text.startswith("/")


def _is_ip(text: str, family: int | None = None) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return family is None or address.version == family


def _is_cidr(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


_OWN: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "find": _find,
        "findAll": _find_all,
        "isSorted": _is_sorted,
        "isURL": _is_url,
        "isIP": _is_ip,
        "isCIDR": _is_cidr,
    }
)
_BUILT_IN: Final = frozenset(
    {
        "all", "bool", "bytes", "contains", "double", "duration", "dyn", "endsWith", "exists", "exists_one", "filter",
        "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours", "getMilliseconds",
        "getMinutes", "getMonth", "getSeconds", "has", "hasValue", "int", "map", "matches", "of", "optional.none",
        "optional.of", "optional.ofNonZeroValue", "orValue", "or", "none", "ofNonZeroValue", "size", "startsWith",
        "string", "timestamp", "type", "uint", "value", "optMap", "optFlatMap",
    }
)  # fmt: skip
_NAMESPACES: Final = frozenset({"math", "sets", "lists", "base64", "strings", "optional"})


@lru_cache(maxsize=1)
def _functions() -> Mapping[str, Callable[..., Any]]:
    """Return every registered function by name, those of the library's extensions and our own."""
    context = cel.Context()
    stdlib.add_stdlib_to_context(context)
    return MappingProxyType({**context.functions, **_OWN})


def _registered_names(called: Iterable[str]) -> list[str]:
    """Return the registered functions that are meant by `called`: the library tells of `math.abs` as `abs`."""
    wanted = frozenset(called)
    return [name for name in _functions() if name.rpartition(".")[2] in wanted]
