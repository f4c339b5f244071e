"""The page about trouble has an entry for every reason that the controllers give, and for no other."""

import re

import pytest
from tests.docs.pages import ROOT

from kubecapy.contract.errors import REACTIONS

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
REFERENCE = (ROOT / "docs" / "reference" / "conditions.md").read_text()
ENTRIES = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
HARMLESS = PAGE.partition("## What is no trouble")[2].partition("\n## ")[0]
PARTS = ("Seen", "Means", "Look", "Do")
CODE = "\n".join(
    re.sub(r'["\']\s*\n\s*f?["\']', "", path.read_text())
    for folder in ("controllers", "providers", "apimachinery")
    for path in (ROOT / "src" / "kubecapy" / folder).rglob("*.py")
)
"""The source of whoever says the sentences; texts over several lines are joined."""
OF_THE_CLOUD = re.compile(
    r"quota exceeded|no more ip addresses|too many requests|policy doesn't|no valid host|server err"
)
"""Words that OpenStack says, not we."""


def reasons() -> set[str]:
    """Return the reasons on the reference page, which is made of the code and knows all of them."""
    found: set[str] = set()
    for head, body in re.findall(r"^\| (reason) \|.*?\n\|[-|]+\n((?:\|.*\n?)+)", REFERENCE, re.MULTILINE):
        assert head
        found |= set(re.findall(r"^\| `(\w+)` \|", body, re.MULTILINE))
    return found


def quoted(entry: str) -> list[str]:
    """Return the sentences that an entry quotes, each in the pieces between its omissions."""
    seen = entry.partition("**Seen:**")[2].partition("**Means:**")[0]
    spans = (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", seen))
    return [piece.strip(' "?') for span in spans for piece in span.split("...") if len(piece.strip(' "?')) > 3]


def test_every_reason_has_its_entry_or_is_no_trouble() -> None:
    known = {*ENTRIES, *re.findall(r"^\| `(\w+)` \|", HARMLESS, re.MULTILINE)}

    assert reasons() - known == set()
    assert known - reasons() == set(), "entries for what nobody says any more"


def test_every_error_of_the_contract_has_an_entry_of_its_own() -> None:
    assert {reaction.reason for reaction in REACTIONS.values()} <= set(ENTRIES)


@pytest.mark.parametrize("reason", ENTRIES)
def test_an_entry_says_what_is_seen_what_it_means_how_to_look_and_what_to_do(reason: str) -> None:
    found = re.findall(r"^\*\*(\w+):\*\*", ENTRIES[reason], re.MULTILINE)

    assert tuple(found) == PARTS


@pytest.mark.parametrize("reason", ENTRIES)
def test_an_entry_has_a_command_that_shows_the_cause(reason: str) -> None:
    look = ENTRIES[reason].partition("**Look:**")[2].partition("**Do:**")[0]

    assert re.search(r"^(openstack|kubectl) \w+", look, re.MULTILINE)


@pytest.mark.parametrize("reason", ENTRIES)
def test_the_sentences_that_an_entry_quotes_are_what_the_code_says(reason: str) -> None:
    strange = [
        piece for piece in quoted(ENTRIES[reason]) if piece not in CODE and not OF_THE_CLOUD.search(piece.lower())
    ]

    assert strange == []
