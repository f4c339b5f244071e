"""Draw YAML texts as people write them, and some that nobody would."""

from hypothesis import strategies as st

_WORDS = st.sampled_from(
    [
        *("y", "Y", "yes", "n", "no", "on", "Off", "true", "FALSE", "null", "~", ".inf", "-.INF", ".nan", "<<"),
        *("017", "0o17", "08", "0x1F", "-0b101", "+1", "1_000", "1e3", "1e-3", ".5", "5.", "1.5e+3", "1e400"),
        *("12:30:45", "2001-01-01", "2001-12-14T21:59:43Z", "1.2.3", "a:b", "a#b"),
        *("9223372036854775808", "18446744073709551616"),
    ]
)
PLAIN = _WORDS | st.text("0123456789+-._eExXoObBaAfFnNiIyYtT:~TZ", min_size=1, max_size=10)
"""What looks like a number, a boolean, a date, or nearly so."""

_TEXT = st.text("ab 0:#-'\"\\{}[],&*!|>%@`\té☺\u00a0\u2028\ufeff😀", max_size=8)
_ESCAPES = st.sampled_from([rf"\{code}" for code in ("\\", '"', *"nt0eN_", "x41", "u00e9", "u2028", "U0001F600")])
_DOUBLE = st.lists(_ESCAPES | st.text("ab 0:#'é😀", max_size=4), max_size=4).map(lambda parts: f'"{"".join(parts)}"')
_SINGLE = _TEXT.map(lambda text: "'" + text.replace("'", "''") + "'")
_TAGGED = st.tuples(st.sampled_from(["!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary"]), PLAIN).map(" ".join)
_LINE_SCALARS = st.one_of(PLAIN, PLAIN, _TEXT, _DOUBLE, _SINGLE, _TAGGED)
_HEADERS = st.sampled_from(["|", "|-", "|+", ">", ">-", ">+", "|2", ">1-", "| # why"])
_LINES = st.lists(st.sampled_from(["", "a", " b", "  c # d", "- e", "f: g", "\th", "---x"]), max_size=4)


@st.composite
def nodes(draw: st.DrawFn) -> str:
    """Return a node that may stand behind `key:` at the left edge."""
    return draw(_nodes(indent=0, depth=3, anchors=[]))


@st.composite
def _nodes(draw: st.DrawFn, indent: int, depth: int, anchors: list[str]) -> str:
    """Return a node that stands behind `- ` or `key: ` of a block at `indent`; it may name one of `anchors`."""
    if anchors and draw(st.integers(0, 7)) == 0:
        return f"*{draw(st.sampled_from(anchors))} "
    anchor = ""
    if draw(st.integers(0, 4)) == 0:
        anchors.append(f"x{len(anchors)}")
        anchor = f"&{anchors[-1]} "
    pad = "\n" + " " * (indent + 2)
    match draw(st.sampled_from(["scalar", "scalar", "folded"] + (["list", "map", "flow"] if depth else []))):
        case "scalar":
            return anchor + draw(_LINE_SCALARS)
        case "folded":
            return anchor + draw(_HEADERS) + "".join(f"{pad}{line}".rstrip(" ") for line in draw(_LINES))
        case "flow":
            return anchor + draw(_flows(depth))
        case "list":
            entries = [draw(_nodes(indent + 2, depth - 1, anchors)) for _ in range(draw(st.integers(1, 3)))]
            return anchor + "".join(f"{pad}- {entry}" for entry in entries)
        case _:
            keys = draw(st.lists(_keys(), min_size=1, max_size=3))
            return anchor + "".join(f"{pad}{key}: {draw(_nodes(indent + 2, depth - 1, anchors))}" for key in keys)


@st.composite
def _flows(draw: st.DrawFn, depth: int) -> str:
    inner = st.one_of(_LINE_SCALARS, _flows(depth - 1)) if depth else _LINE_SCALARS
    entries = draw(st.lists(inner, max_size=3))
    if draw(st.booleans()):
        return f"[{', '.join(entries)}]"
    return "{" + ", ".join(f"{draw(_keys())}: {entry}" for entry in entries) + "}"


def _keys() -> st.SearchStrategy[str]:
    return st.one_of(st.sampled_from(["a", "b", "<<", "? c\n", '"d e"']), PLAIN, _LINE_SCALARS)
