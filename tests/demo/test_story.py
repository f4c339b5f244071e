"""Hold the demo's commands and their shapes against what the article types and is shown."""

import re
from pathlib import Path

import pytest
from demo.story import STORY, Step, without_kubectl

TRANSCRIPTS = (Path(__file__).parent.parent / "e2e" / "data" / "transcripts.md").read_text()
PROMPT = re.compile(r"^root@[^#]*# (.+)$")


def article_outputs() -> list[tuple[str, list[str]]]:
    """Return every command that the article types at a prompt, with the lines that it is shown, in order."""
    found: list[tuple[str, list[str]]] = []
    for line in TRANSCRIPTS.splitlines():
        if line.startswith("```"):
            continue
        prompt = PROMPT.match(line)
        if prompt:
            found.append((prompt.group(1).strip(), []))
        elif found and line.strip():
            found[-1][1].append(line)
    return found


def normalized(command: str) -> str:
    """Return `command` with the names that differ from run to run taken out."""
    command = re.sub(r"clusterapi-controllers-[a-z0-9]+-[a-z0-9]+|\{pod\}", "POD", command)
    command = re.sub(r"liugya-node-[a-z0-9]{5}\b|\{worker\}", "WORKER", command)
    return command.replace("node.yaml", "machine.yaml").replace(" --tail=5", "")


ARTICLE = article_outputs()
TYPED = [normalized(command) for command, _ in ARTICLE]


@pytest.mark.parametrize(
    "wanted",
    [
        "kubectl get deploy -n openstack-provider-system",
        "kubectl get sts -n system",
        "kubectl get clusters",
        "kubectl get machines",
        "kubectl get nodes",
        "kubectl delete machine WORKER",
        "kubectl apply -f machine.yaml",
        "kubectl get pods -n openstack-provider-system",
        "kubectl logs -f POD -n openstack-provider-system",
    ],
)
def test_each_command_of_the_article_is_typed_in_the_demo(wanted: str) -> None:
    assert wanted in TYPED, "the article itself must type it"

    assert wanted in [normalized(" ".join(step.command)) for step in STORY]


def test_the_commands_come_in_the_order_of_the_story() -> None:
    names = [step.name for step in STORY]

    milestones = [
        "register-key-pair",
        "generate-yaml",
        "create-cluster",
        "get-clusters",
        "get-machines",
        "get-nodes",
        "get-deploy",
        "get-sts",
        "get-pods",
        "logs",
        "delete-worker",
        "apply-machine",
        "delete-cluster",
        "servers-after-all",
    ]
    assert [name for name in names if name in milestones] == milestones


def test_create_cluster_has_the_articles_flags() -> None:
    article = next(line for line in TRANSCRIPTS.splitlines() if "--bootstrap-type kind" in line).split()
    ours = next(step for step in STORY if step.name == "create-cluster").command

    flags = [word for word in article if word.startswith("-")]
    assert [word for word in ours if word.startswith("-")] == flags
    assert ours[ours.index("--v") + 1] == article[article.index("--v") + 1] == "4"


@pytest.mark.parametrize("step", [s for s in STORY if s.command[:2] == ("kubectl", "get")], ids=lambda s: s.name)
def test_tables_keep_the_articles_columns(step: Step) -> None:
    article = next(lines for command, lines in ARTICLE if normalized(command) == normalized(" ".join(step.command)))

    columns = iter(step.shape[0].split(r"\s+"))
    missing = [column for column in article[0].split() if column not in columns]
    assert missing == []


@pytest.mark.parametrize("name", ["get-nodes", "get-nodes-after-apply", "get-deploy", "get-sts", "get-pods"])
def test_rows_that_the_article_prints_match_our_shapes(name: str) -> None:
    step = next(step for step in STORY if step.name == name)
    shown = [lines for command, lines in ARTICLE if normalized(command) == normalized(" ".join(step.command))]

    def matches(lines: list[str]) -> bool:
        rows = [line.strip() for line in lines[: len(step.shape)]]
        return len(rows) == len(step.shape) and all(map(re.fullmatch, step.shape, rows))

    assert any(matches(lines) for lines in shown)


def test_without_kubectl_the_same_verbs_go_to_clusterctl() -> None:
    replaced = [without_kubectl(step) for step in STORY]

    assert not [step for step in replaced if step.command[0] == "kubectl"]
    assert [step.shape for step in replaced] == [step.shape for step in STORY]
