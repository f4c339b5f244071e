import pytest

from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.objects.tables import Column, Row, Table, TablePrinter
from kubecapy.clusterctl.objects.targets import Target, parse_targets

TABLE = Table(
    (Column("Name"), Column("Ready"), Column("Node", 1)),
    (
        Row(("short", True, None), {"metadata": {"namespace": "default"}}),
        Row(("a-long-name", None, "n-1"), {"metadata": {"namespace": "kube-system"}}),
    ),
)


def test_columns_are_three_spaces_apart_and_the_last_is_not_padded() -> None:
    assert TablePrinter().lines(TABLE) == [
        "NAME          READY",
        "short         true",
        "a-long-name   <none>",
    ]


def test_wide_shows_every_column() -> None:
    assert TablePrinter(wide=True).lines(TABLE) == [
        "NAME          READY    NODE",
        "short         true     <none>",
        "a-long-name   <none>   n-1",
    ]


def test_namespaces_come_first() -> None:
    assert TablePrinter(with_namespace=True, with_header=False).lines(TABLE)[1].split() == [
        "kube-system",
        "a-long-name",
        "<none>",
    ]


def test_a_second_table_has_no_header_and_lines_up_with_the_first() -> None:
    printer = TablePrinter()
    printer.lines(TABLE)

    assert printer.lines(Table(TABLE.column_definitions, TABLE.rows[:1])) == ["short         true"]


@pytest.mark.parametrize(
    ("arguments", "targets"),
    [
        (["machines"], [Target("machines")]),
        (["machines,clusters"], [Target("machines"), Target("clusters")]),
        (["machine", "a", "b"], [Target("machine", "a"), Target("machine", "b")]),
        (["machine/a", "cluster/b"], [Target("machine", "a"), Target("cluster", "b")]),
    ],
    ids=["kind", "kinds", "names", "pairs"],
)
def test_targets_are_read_in_every_form(arguments, targets) -> None:
    assert parse_targets(arguments) == targets


@pytest.mark.parametrize(
    "arguments",
    [[], ["machine/a", "b"], ["a,b", "c"], ["machine/"], ["/a"], ["a/b/c"]],
    ids=lambda value: " ".join(value),
)
def test_other_forms_are_refused(arguments) -> None:
    with pytest.raises(ClusterctlError):
        parse_targets(arguments)
