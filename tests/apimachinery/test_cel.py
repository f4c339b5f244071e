"""Expressions are read, typed and evaluated; what kube-apiserver takes is never refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from kubecapy.apimachinery.cel import types
from kubecapy.apimachinery.cel.checker import Declared, check
from kubecapy.apimachinery.cel.evaluation import Program
from kubecapy.apimachinery.cel.issues import CelError
from kubecapy.apimachinery.schema import compile_schema

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "conformance" / "cases" / "cel"
ANY = Declared({"self": types.DYN}, {})
TEXT = {"type": "string", "maxLength": 63}
NUMBER = {"type": "integer"}
PARENT = {"group": TEXT, "kind": TEXT, "name": TEXT, "namespace": TEXT, "sectionName": TEXT, "port": NUMBER}


def listed(**properties: Any) -> dict[str, Any]:
    return {"type": "array", "maxItems": 16, "items": {"type": "object", "properties": properties}}


def mapped(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


WELL_KNOWN = [
    (
        listed(**PARENT),
        (
            "self.all(p, self.all(q, p.group == q.group && p.kind == q.kind && p.name == q.name && "
            "(((!has(p.__namespace__) || p.__namespace__ == '') && (!has(q.__namespace__) || q.__namespace__ == '')) "
            "|| (has(p.__namespace__) && has(q.__namespace__) && p.__namespace__ == q.__namespace__ )) ? "
            "((!has(p.sectionName) || p.sectionName == '') == (!has(q.sectionName) || q.sectionName == '')) : true))"
        ),
    ),
    (
        listed(**PARENT),
        (
            "self.all(p, self.exists_one(q, p.group == q.group && p.kind == q.kind && p.name == q.name && "
            "(((!has(p.__namespace__) || p.__namespace__ == '') && (!has(q.__namespace__) || q.__namespace__ == '')) "
            "|| (has(p.__namespace__) && has(q.__namespace__) && p.__namespace__ == q.__namespace__)) && "
            "((has(p.sectionName) && has(q.sectionName) && p.sectionName == q.sectionName) || "
            "(!has(p.sectionName) && !has(q.sectionName)))))"
        ),
    ),
    (mapped(**PARENT), "(size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true"),
    (listed(type=TEXT), "self.filter(f, f.type == 'RequestRedirect').size() <= 1"),
    (listed(type=TEXT), "!(self.exists(f, f.type == 'RequestRedirect') && self.exists(f, f.type == 'URLRewrite'))"),
    (
        mapped(request=TEXT, backendRequest=TEXT),
        (
            "!(has(self.request) && has(self.backendRequest) && duration(self.request) != duration('0s') && "
            "duration(self.backendRequest) > duration(self.request))"
        ),
    ),
    (
        listed(port=NUMBER, protocol=TEXT, hostname=TEXT),
        (
            "self.all(l1, self.exists_one(l2, l1.port == l2.port && l1.protocol == l2.protocol && (has(l1.hostname) && "
            "has(l2.hostname) ? l1.hostname == l2.hostname : !has(l1.hostname) && !has(l2.hostname))))"
        ),
    ),
    (
        listed(type=TEXT, value=TEXT),
        "self.all(a, a.type == 'IPAddress' ? self.exists_one(b, b.type == a.type && b.value == a.value) : true )",
    ),
    (TEXT, r"self.matches('^(?:[-A-Za-z0-9/._~!$&\'()*+,;=:@]|[%][0-9a-fA-F]{2})+$')"),
    (
        listed(protocol=TEXT, tls=mapped(mode=TEXT)),
        "self.all(l, l.protocol in ['HTTP', 'TCP', 'UDP'] ? !has(l.tls) : true)",
    ),
    (
        mapped(type=TEXT, path=mapped(value=TEXT)),
        "self.type != 'Exact' || (has(self.path) && !self.path.value.contains('//'))",
    ),
    (mapped(a=NUMBER, b=NUMBER), "[has(self.a), has(self.b)].filter(x, x == true).size() == 1"),
    (mapped(a=NUMBER, b=NUMBER), "(has(self.a) ? 1 : 0) + (has(self.b) ? 1 : 0) <= 1"),
    (
        {"type": "object", "maxProperties": 9, "additionalProperties": TEXT},
        "self.all(k, k.size() <= 63 && !(k in ['a']))",
    ),
    ({"type": "object", "maxProperties": 9, "additionalProperties": TEXT}, "self.all(k, !(self[k].startsWith('x')))"),
    ({"x-kubernetes-int-or-string": True}, r"type(self) == int ? self >= 0 : self.matches('^[0-9]+%$')"),
    (
        {"x-kubernetes-int-or-string": True},
        "isQuantity(string(self)) && !quantity(string(self)).isLessThan(quantity('0'))",
    ),
    (mapped(cidr=TEXT), "!has(self.cidr) || isCIDR(self.cidr) && cidr(self.cidr).prefixLength() <= 24"),
    (mapped(version=TEXT), "semver(self.version, true).major() >= 1"),
]


@pytest.mark.parametrize(("schema", "rule"), WELL_KNOWN)
def test_rules_as_well_known_definitions_have_them_compile(schema: dict[str, Any], rule: str) -> None:
    compile_schema({"type": "object", "properties": {"spec": {**schema, "x-kubernetes-validations": [{"rule": rule}]}}})


def test_the_rules_that_both_servers_are_held_against_compile() -> None:
    for file in ("rules", "libraries", "language", "transitions"):
        for case in yaml.safe_load((CASES / f"{file}.yaml").read_text()):
            rules = [{"rule": rule} if isinstance(rule, str) else rule for rule in case["rules"]]
            place = {**case["schema"], "x-kubernetes-validations": rules}
            compile_schema({"type": "object", "properties": {"spec": {"type": "object", "properties": {"x": place}}}})


def evaluate(expression: str, value: Any = None) -> Any:
    return Program(check(expression, ANY)).evaluate({"self": value})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3 - 4 / 2 % 3", 5),
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("1 < 2 == true", True),
        ("!!true && !false", True),
        ("--1", 1),
        ("false ? 1 : true ? (false ? 1 : 2) : 3", 2),
        ("'a' + \"b\" + r'\\n' + '''c'd''' + '\\u00e9\\x41\\101'", "ab\\nc'déAA"),
        ("b'\\xff' + b'é'", b"\xff\xc3\xa9"),
        ("0x1F + 1", 32),
        ("[1, 2][1] + {'a': 3}.a", 5),
        ("[1, 2, 3].map(x, x > 1, x * 2)", [4, 6]),
        ("[[1], [2]].map(x, x.map(x, x + 1))", [[2], [3]]),
        ("{'a': 1}.map(k, k)", ["a"]),
        ("[3, 1].sortBy(x, x).transformList(i, x, x - i)", [1, 2]),
        ("optional.of(1).optMap(x, [x].map(x, x + 1)).value()", [2]),
        ("[1].exists(x, [x].all(y, y == x))", True),
        ("type(1) == int && type([1]) == list && type(type(1)) == type", True),
    ],
)
def test_an_expression_is_evaluated(expression: str, expected: Any) -> None:
    assert evaluate(expression) == expected


def test_a_long_chain_and_a_wide_one_are_no_nesting() -> None:
    assert evaluate(" && ".join(["true"] * 5_000)) is True
    assert evaluate(" + ".join(["1"] * 100)) == 100


@pytest.mark.parametrize(
    "expression",
    ["(" * 5_000 + "1" + ")" * 5_000, "[" * 5_000, "self" + ".a" * 5_000, " + ".join(["1"] * 5_000), "-(" * 5_000],
    ids=["brackets", "open brackets", "fields", "sums", "signs"],
)
def test_what_is_nested_too_deep_is_refused(expression: str) -> None:
    with pytest.raises(CelError, match="expression recursion limit exceeded"):
        check(expression, ANY)


def test_a_chain_of_optional_macros_does_not_double_with_each_link() -> None:
    chain = "optional.of(1)" + ".optMap(x, x + 1)" * 40

    assert evaluate(f"{chain}.value()") == 41


def test_the_variables_that_a_rule_uses_are_those_that_no_loop_hides() -> None:
    declared = Declared({"self": types.list_of(types.INT), "oldSelf": types.list_of(types.INT)}, {})

    assert check("self.all(oldSelf, oldSelf > 0)", declared).variables == {"self"}
    assert check("self.all(x, x in oldSelf)", declared).variables == {"self", "oldSelf"}


def test_an_error_shows_the_line_and_the_place() -> None:
    with pytest.raises(CelError) as refused:
        check("1 == 1 &&\n\t'é' + 1 == 2 &&\nx", ANY)

    assert str(refused.value).split("\n") == [
        "ERROR: <input>:2:6: found no matching overload for '_+_' applied to '(string, int)'",
        " |  'é' + 1 == 2 &&",
        " | ..\uff0e..^",
        "ERROR: <input>:3:1: undeclared reference to 'x' (in container '')",
        " | x",
        " | ^",
    ]
