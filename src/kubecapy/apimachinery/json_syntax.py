"""Say why a text is no JSON, in the words of Go's parser, which clients of Kubernetes know.

Source: Go's encoding/json (scanner).
"""

from typing import Final

_END: Final = "unexpected end of JSON input"
_SPACE: Final = " \t\r\n"
_ESCAPES: Final = 'bfnrt\\/"'
_HEX: Final = "0123456789abcdefABCDEF"
_LITERALS: Final = {"t": "true", "f": "false", "n": "null"}


class _Wrong(Exception):
    """The text ends, or goes on with a character that does not belong there."""


def why_no_json(data: bytes) -> str:
    """Return what is wrong with `data`, such as `invalid character '}' looking for beginning of value`.

    Empty where nothing is: Go takes texts that other parsers refuse, such as invalid UTF-8 inside of strings.
    """
    # Go reads bytes, and shows one that is no ASCII as the character of that number.
    scanner = _Scanner(data.decode("latin-1"))
    try:
        scanner.document()
    except _Wrong as error:
        return str(error)
    return ""


class _Scanner:
    """Reads JSON without keeping anything of it; containers are kept on a stack, not on Python's."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._open: list[str] = []

    def document(self) -> None:
        while self._begin_value() or self._go_on():
            pass
        if character := self._next():
            raise self._invalid(character, "after top-level value")

    def _begin_value(self) -> bool:
        """Read a scalar or open a container; return whether a value follows at once."""
        character = self._needed()
        if character in "{[":
            return self._begin_container(character)
        if character == '"':
            self._string()
        elif character in _LITERALS:
            self._literal(_LITERALS[character])
        elif character == "-" or character.isdigit():
            self._number(character)
        else:
            raise self._invalid(character, "looking for beginning of value")
        return False

    def _begin_container(self, container: str) -> bool:
        """Open a container and return whether it has a first value; an empty one is closed."""
        character = self._needed()
        if character == ("}" if container == "{" else "]"):
            return False
        self._open.append(container)
        if container == "{":
            self._key(character)
        else:
            self._place -= 1
        return True

    def _go_on(self) -> bool:
        """Read on after a value, out of every container that ends here; return whether another value follows."""
        while self._open:
            is_object = self._open[-1] == "{"
            character = self._needed()
            if character == ("}" if is_object else "]"):
                self._open.pop()
                continue
            if character != ",":
                raise self._invalid(character, "after object key:value pair" if is_object else "after array element")
            if is_object:
                self._key(self._needed())
            return True
        return False

    def _key(self, character: str) -> None:
        if character != '"':
            raise self._invalid(character, "looking for beginning of object key string")
        self._string()
        if (colon := self._needed()) != ":":
            raise self._invalid(colon, "after object key")

    def _string(self) -> None:
        while (character := self._raw()) != '"':
            if character == "\\":
                self._escape()
            elif character < " ":
                raise self._invalid(character, "in string literal")

    def _escape(self) -> None:
        character = self._raw()
        if character == "u":
            for _ in range(4):
                if (digit := self._raw()) not in _HEX:
                    raise self._invalid(digit, "in \\u hexadecimal character escape")
        elif character not in _ESCAPES:
            raise self._invalid(character, "in string escape code")

    def _literal(self, word: str) -> None:
        for expected in word[1:]:
            if (character := self._raw()) != expected:
                raise self._invalid(character, f"in literal {word} (expecting {_quote(expected)})")

    def _number(self, character: str) -> None:
        if character == "-" and not (character := self._raw()).isdigit():
            raise self._invalid(character, "in numeric literal")
        if character != "0":
            self._digits()
        if self._peek() == ".":
            self._place += 1
            self._digit("after decimal point in numeric literal")
            self._digits()
        if self._peek() in ("e", "E"):
            self._place += 1
            if self._peek() in ("+", "-"):
                self._place += 1
            self._digit("in exponent of numeric literal")
            self._digits()

    def _digit(self, context: str) -> None:
        if not (character := self._raw()).isdigit():
            raise self._invalid(character, context)

    def _digits(self) -> None:
        while self._peek().isdigit():
            self._place += 1

    def _peek(self) -> str:
        return self._text[self._place : self._place + 1]

    def _next(self) -> str:
        """Return the next character that is no space; empty at the end."""
        while (character := self._peek()) and character in _SPACE:
            self._place += 1
        self._place += 1
        return character

    def _needed(self) -> str:
        character = self._next()
        if not character:
            raise _Wrong(_END)
        return character

    def _raw(self) -> str:
        character = self._peek()
        if not character:
            raise _Wrong(_END)
        self._place += 1
        return character

    def _invalid(self, character: str, context: str) -> _Wrong:
        return _Wrong(f"invalid character {_quote(character)} {context}")


def _quote(character: str) -> str:
    """Return `character` in the quotes that Go puts around it."""
    if character == "'":
        return r"'\''"
    if character == '"':
        return "'\"'"
    if character == "\\":
        return r"'\\'"
    return f"'{character}'" if character.isprintable() else f"'{_escaped(character)}'"


def _escaped(character: str) -> str:
    named = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
    if character in named:
        return named[character]
    return f"\\x{ord(character):02x}" if ord(character) < 0x80 else f"\\u{ord(character):04x}"
