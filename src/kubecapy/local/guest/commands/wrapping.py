"""Run another command: with more variables, as somebody else, for a while at most."""

from collections.abc import Mapping, Sequence

from kubecapy.local.guest.shell.commands import Call, Command


def wrapping_commands() -> Mapping[str, Command]:
    """Return the commands by name."""
    return {
        "env": _env,
        "nohup": _run_rest,
        "printenv": _env,
        "sudo": _run_rest,
        "timeout": _run_rest,
    }


async def _env(call: Call) -> int:
    variables, words = _assignments([word for word in call.arguments if word not in ("-i", "-")])
    if words and call.name == "env":
        return await call.run(words, variables)
    for name, value in {**call.environment, **variables}.items():
        call.out(f"{name}={value}\n")
    return 0


async def _run_rest(call: Call) -> int:
    """Run the words after the command's own options: `sudo -E apt-get ...`, `timeout 5 curl ...`."""
    words = list(call.arguments)
    while words and (words[0].startswith("-") or (call.name == "timeout" and words[0].rstrip("smh").isdigit())):
        words.pop(0)
    variables, rest = _assignments(words)
    return await call.run(rest, variables) if rest else 0


def _assignments(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Split leading `name=value` words from the command after them."""
    variables: dict[str, str] = {}
    rest = list(words)
    while rest and "=" in rest[0]:
        name, _, value = rest.pop(0).partition("=")
        variables[name] = value
    return variables, rest
