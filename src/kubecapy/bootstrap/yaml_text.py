"""Write values into a YAML text so that neither YAML nor cloud-init's Jinja reads more into them than was meant.

cloud-init runs its own Jinja over user data that begins with `## template: jinja`, before it reads the YAML. Data must
not be taken for its delimiters, while a few texts of ours (a server's id) are meant for it.
"""

import json
import re
import shlex
from typing import Any, Final

_JINJA = re.compile(r"\{(?=[{%#])")
_UNSAFE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_BLOCK_LINE: Final = re.compile(r"[^\S\n]*|[\t\x20-\x7e\xa0-\ud7ff]+")


def json_scalar(value: Any) -> str:  # Any: a JSON value
    """Return `value` as JSON, which is YAML on one line, with cloud-init's delimiters written as escapes."""
    return _JINJA.sub("\\\\u007b", templated_scalar(value))


def templated_scalar(value: Any) -> str:  # Any: a JSON value
    """Return `value` as JSON whose `{{ ... }}` cloud-init fills in."""
    text = json.dumps(value, ensure_ascii=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def text_block(text: str, *, indent: int, templated: bool) -> str:
    """Return `text` as a literal block for people to read, or as JSON where a block could not carry it unchanged.

    Args:
        text: the content of a file.
        indent: columns before each line.
        templated: True where cloud-init's Jinja is meant to fill in the text.
    """
    if not _fits_a_block(text) or (not templated and _JINJA.search(text)):
        return templated_scalar(text) if templated else json_scalar(text)
    margin = " " * indent
    lines = text.removesuffix("\n").split("\n")
    keep = "|" if text.endswith("\n") else "|-"
    return "\n".join([keep, *(margin + line if line else "" for line in lines)])


def boot_step(command: str, description: str) -> str:
    """Return a runcmd entry that says what it does, runs `command`, and ends the boot loudly where that fails.

    cloud-init puts all runcmd entries into one shell script, so `exit` ends the boot.
    """
    doing = shlex.quote(f"kubecapy: {description}")
    failed = shlex.quote(f"kubecapy: bootstrap failed: {description}")
    return json_scalar(f"echo {doing}; if ! {command}; then echo {failed}; exit 1; fi")


def _fits_a_block(text: str) -> bool:
    # A leading space would be read as indentation; a second line break at the end would be folded away.
    if not text or text[0] in " \t\n" or text.endswith("\n\n"):
        return False
    return all(_BLOCK_LINE.fullmatch(line) for line in text.split("\n"))
