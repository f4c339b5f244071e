"""kubectl is the judge of how YAML is read: `kubectl patch --local` prints what it made of a file, without a server."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.conformance.yaml_texts import PLAIN, nodes

from kubecapy.apimachinery.codec import DecodeError, load_yaml

HEAD = "apiVersion: example.com/v1\nkind: Kite\nmetadata: {name: a}\nspec:"
REFUSED_ON_PURPOSE = ("appears twice", "cannot be said in JSON", "unfolds to more than")
"""What kubectl reads in silence, or has other limits for."""
patiently = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def program(binaries: Path) -> str:
    """Name the kubectl that was built beside the real server, else the machine's."""
    built = binaries / "kubectl"
    return str(built) if built.exists() else "kubectl"


@patiently
@given(texts=st.lists(PLAIN, min_size=10, max_size=40))
@example(texts=["y", "017", "0o17", "1_000", "12:30:45", "2001-01-01", "0x1F", "+1", "1e3", "1e400", "~", "0b", "08"])
def test_plain_scalars_mean_the_same(program: str, texts: list[str]) -> None:
    judge(program, "".join(f"\n- {text}" for text in texts))


@patiently
@given(texts=st.lists(PLAIN, min_size=1, max_size=15, unique=True))
@example(texts=["y", "017", "1.5", ".inf", "1e6", "0.1", "123456789.0", "-0.0", "name", "2001-01-01"])
def test_keys_mean_the_same(program: str, texts: list[str]) -> None:
    judge(program, "".join(f"\n  {text}: x" for text in texts))


@patiently
@given(node=nodes())
@example(node="\n  base: &b {x: 1}\n  other:\n    x: 2\n    a: 3\n    <<: *b\n    a: 4")
@example(node=" |\n  no line end")
@example(node=" !!binary aGk=")
@example(node=" !!float 9223372036854775808")
def test_documents_mean_the_same(program: str, node: str) -> None:
    judge(program, f" {node}")


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{HEAD} 1\n",
        f"{HEAD}\n- a\n- |\n  x\n  y\n".replace("\n", "\r\n"),
        f"{HEAD}\n-\ta\t\n",
        f"{HEAD}\n\t- a\n",
        f"{HEAD} 1\n---\n{HEAD} 2\n",
        f"---\n---\n# nothing\n---\n{HEAD} 1\n---\n",
        f"{HEAD} 1\n--- # next\n{HEAD} 2\n",
        f"{HEAD}\n- a\x00b\n",
        f"{HEAD}\n- a\x7fb\n",
        f"{HEAD}\n- a\u0085- b\u2028c\n",
        f"{HEAD}\n  {'k' * 1100}: 1\n",
        f"{HEAD} &x 1\n---\n{HEAD} *x\n",
        f"{HEAD}\n  ? [a]\n  : b\n",
        '{"apiVersion": "example.com/v1", "kind": "Kite", "metadata": {"name": "a"}, "spec": "\\/"}',
    ],
    ids=[
        "byte order mark",
        "CRLF",
        "tabs between",
        "tabs before",
        "two documents",
        "empty documents",
        "comment at a separator",
        "NUL",
        "DEL",
        "other line ends",
        "long key",
        "alias across documents",
        "list as a key",
        "JSON",
    ],
)
def test_files_mean_the_same(program: str, text: str) -> None:
    assert ours(text) == kubectl(program, text)


def judge(program: str, spec: str) -> None:
    text = f"{HEAD}{spec}"
    try:
        found = ours(text)
    except RefusedOnPurpose:
        return
    assert found == kubectl(program, text)


class RefusedOnPurpose(Exception):
    """We refuse what kubectl takes."""


def ours(text: str) -> str | None:
    """Return the documents as JSON; None where they are refused."""
    try:
        return canonical([document for document in load_yaml(text) if document is not None])
    except DecodeError as error:
        if any(words in str(error) for words in REFUSED_ON_PURPOSE):
            raise RefusedOnPurpose from error
        return None


def kubectl(program: str, text: str) -> str | None:
    """Return what kubectl makes of `text`, as `ours`."""
    done = subprocess.run(
        [program, "patch", "--local", "-f", "-", "--type=merge", "-p", "{}", "-o", "json"],
        input=text.encode(),
        capture_output=True,
        env={"KUBECONFIG": "/dev/null"},
        check=False,
    )
    return None if done.returncode else canonical(documents(done.stdout.decode()))


def documents(printed: str) -> list[Any]:
    decoder, found, rest = json.JSONDecoder(), [], printed.strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].strip()
    return found


def canonical(value: Any) -> str:
    """Write integers beyond 64 bits as floats: kubectl has no others once it read its own JSON again."""
    return json.dumps(with_floats(value), sort_keys=True)


def with_floats(value: Any) -> Any:
    match value:
        case dict():
            return {key: with_floats(item) for key, item in value.items()}
        case list():
            return [with_floats(item) for item in value]
        case int() if not -(2**63) <= value < 2**63:
            return float(value)
    return value
