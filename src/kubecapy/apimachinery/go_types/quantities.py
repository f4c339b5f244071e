"""Write quantities of resources in their one canonical form.

Source: k8s.io/apimachinery pkg/api/resource (Quantity): no fraction, and the greatest suffix that allows it.
"""

import re
from decimal import ROUND_UP, Decimal
from typing import Final

_PATTERN: Final = r"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
_MESSAGE: Final = f"quantities must match the regular expression '{_PATTERN}'"
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_EXPONENT: Final = re.compile(r"[eE]([+-]?\d+)")
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_SMALLEST: Final = Decimal("1e-9")
_GREATEST: Final = Decimal(2**63 - 1)


class QuantityError(ValueError):
    """A text is no quantity; `str()` is Go's sentence."""


def canonical_quantity(text: str) -> str:
    """Return the quantity of `text` as Kubernetes stores it, such as `1` for `1000m` and `1536Mi` for `1.5Gi`.

    Raises:
        QuantityError: `text` is none.
    """
    value, form = _read(text)
    return _binary(value) if form == "binary" else _decimal(value, form)


def quantity_value(text: str) -> Decimal:
    """Return the number that the quantity of `text` stands for.

    Raises:
        QuantityError: `text` is none.
    """
    return _read(text)[0]


def _read(text: str) -> tuple[Decimal, str]:
    """Return value and form: `binary`, `exponent` or `suffix`."""
    found = re.fullmatch(_PATTERN[1:-1], text)
    if found is None or _NUMBER.fullmatch(found[1]) is None:
        raise QuantityError(_MESSAGE)
    number, suffix = Decimal(found[1]), found[2]
    if suffix in _BINARY:
        return min(number * 1024 ** _BINARY[suffix], _GREATEST), "binary"
    if exponent := _EXPONENT.fullmatch(suffix):
        return number.scaleb(int(exponent[1])), "exponent"
    if suffix in _DECIMAL:
        return number.scaleb(_DECIMAL[suffix]), "suffix"
    raise QuantityError("unable to parse quantity's suffix")


def _binary(value: Decimal) -> str:
    if abs(value) < 1024 or value != value.to_integral_value():
        return _decimal(value, "suffix")
    whole, power = int(value), 0
    while whole % 1024 == 0 and power < len(_BINARY):
        whole, power = whole // 1024, power + 1
    return f"{whole}{('', *_BINARY)[power]}"


def _decimal(value: Decimal, form: str) -> str:
    """Return `value`, rounded away from zero to whole billionths, with an exponent that is a multiple of 3."""
    if not value:
        return "0"
    rounded = value.quantize(_SMALLEST, rounding=ROUND_UP) if value.adjusted() < 18 else value
    _, _, least = rounded.normalize().as_tuple()
    exponent = 3 * (int(least) // 3)
    if form == "exponent":
        suffix = f"e{exponent}" if exponent else ""
    else:
        exponent = min(exponent, _DECIMAL["E"])
        suffix = next(name for name, power in _DECIMAL.items() if power == exponent)
    return f"{int(rounded.scaleb(-exponent))}{suffix}"
