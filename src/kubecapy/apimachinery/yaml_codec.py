"""Turn YAML text into JSON values and back, by kubectl's rules.

Differences to PyYAML's own loaders: scalars follow `yaml_scalars`, mapping keys become JSON strings, and nothing but
JSON comes out. Two things that kubectl passes over in silence are refused with their line: a key that appears twice,
of which kubectl takes the last, and a tag that JSON cannot say, which kubectl drops.
"""

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import msgspec
import yaml
from yaml.events import CollectionEndEvent, CollectionStartEvent
from yaml.nodes import MappingNode, Node, ScalarNode

from kubecapy.apimachinery.json_codec import DecodeError
from kubecapy.apimachinery.nesting import MAX_DEPTH
from kubecapy.apimachinery.yaml_lines import MERGE_KEY, FieldLines, line_of
from kubecapy.apimachinery.yaml_scalars import Scalar, json_scalar, key_text, resolve_scalar, resolve_tagged

MAX_NODES = 1_000_000
"""A text that unfolds to more nodes, by aliases of aliases, is refused."""

_BLOCK_START = re.compile(r"^[ \-?:]+", re.MULTILINE)
_PLAIN = "plain"
_TOO_DEEP = f"expected YAML of moderate depth: the text has more than {MAX_DEPTH} levels"
_STANDARD = "tag:yaml.org,2002:"
_STRING = f"{_STANDARD}str"
_COLLECTION_TAGS = frozenset({f"{_STANDARD}map", f"{_STANDARD}seq"})


class Document(msgspec.Struct, frozen=True):
    """One YAML document as JSON, with the lines that a message needs."""

    value: Any
    """The JSON value; None for an empty document."""
    lines: FieldLines
    """Where its fields stand."""


class YamlError(DecodeError):
    """A text, or one document of it, is no YAML or cannot be said in JSON; `str()` names the line."""

    def __init__(self, line: int, message: str) -> None:
        """Keep the line, counted from 1, and the sentence."""
        super().__init__("", f"line {line}: {message}")
        self.line = line
        self.sentence = message


def load_yaml(text: str) -> list[Any]:  # Any: a JSON value
    """Return all documents of `text` as JSON values, empty ones as None.

    Raises:
        DecodeError: `text` is not YAML, repeats a key or holds what JSON cannot say; the message names the line.
    """
    return [document.value for document in load_documents(text)]


def load_documents(text: str) -> list[Document]:
    """Return all documents of `text` with their lines.

    Raises:
        YamlError: as `load_yaml`.
    """
    documents = []
    for found in scan_documents(text):
        if isinstance(found, YamlError):
            raise found
        documents.append(found)
    return documents


def scan_documents(text: str) -> Iterator[Document | YamlError]:
    """Yield every document of `text` in its order, or what is wrong with it; nothing follows what is no YAML at all.

    At most one error a document.
    """
    for node in _compose(text):
        if isinstance(node, YamlError):
            yield node
            continue
        try:
            yield Document(_NodeReader().value(node), FieldLines(node))
        except YamlError as error:
            yield error


def _compose(text: str) -> Iterator[Node | YamlError]:
    if not text.endswith("\n"):
        # kubectl reads line by line, and ends the last one where nobody did: a block text ends with a line end then.
        text += "\n"
    try:
        _refuse_depth(text)
        # The loader cannot construct objects: it is asked for nodes only.
        yield from yaml.compose_all(text, Loader=_NodeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        what = ", ".join(filter(None, (error.context, error.problem)))
        # A mark at the end of the text is behind the last line.
        yield YamlError(min(line, _last_line(text)), f"expected YAML: {what}")
    except yaml.reader.ReaderError as error:
        line = text.encode(errors="replace")[: error.position].count(b"\n") + 1
        yield YamlError(line, f"expected YAML: {error.reason}, found {_shown(error.character)}")
    except YamlError as error:
        yield error


def _last_line(text: str) -> int:
    return text.rstrip().count("\n") + 1


def _shown(character: int | bytes | str) -> str:
    code = ord(character) if isinstance(character, str | bytes) else character
    return f"the character #x{code:04x}"


def load_first(text: str) -> tuple[Any, list[str]]:
    """Return the first document of `text` as a JSON value, and what of it an API server would warn of.

    Where a key stands twice in a mapping the last one counts; each such place is told by a sentence with its line. An
    empty text is None.

    Raises:
        DecodeError: the document is not YAML or holds what JSON cannot say; the message is as Go's parser words it.
    """
    try:
        _refuse_depth(text)
        node = next(iter(yaml.compose_all(text, Loader=_NodeLoader)), None)
    except yaml.MarkedYAMLError as error:
        raise DecodeError("", _go_sentence(error)) from error
    except yaml.YAMLError as error:
        raise DecodeError("", str(error)) from error
    repeated: list[str] = []
    return (None if node is None else _NodeReader(repeated).value(node)), repeated


def _go_sentence(error: yaml.MarkedYAMLError) -> str:
    """Return a parser's complaint with the line that gopkg.in/yaml.v2 names, which counts from 0 or from 1."""
    mark = error.context_mark if error.context_mark and error.context_mark.line else error.problem_mark
    line = mark.line + (1 if isinstance(error, yaml.scanner.ScannerError) else 0) if mark else 0
    return f"{f'line {line}: ' if line else ''}{error.problem or error.context}"


def dump_yaml(value: Any) -> str:  # Any: Structs and JSON values
    """Return `value` as YAML in the order of its keys; every string reads back as a string by kubectl's rules."""
    plain = msgspec.to_builtins(value, str_keys=True)
    return yaml.dump(plain, Dumper=_JsonDumper, sort_keys=False, width=2**20, allow_unicode=True)


class _NodeLoader(yaml.CBaseLoader):
    """Composes nodes, and marks the plain scalars among those without an explicit tag."""

    def resolve(self, kind: type[Node], value: Any, implicit: Any) -> Any:  # Any: as the parser calls it
        """Return the tag of a node without one."""
        if kind is ScalarNode and implicit[0]:
            return _PLAIN
        return super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]  # PyYAML's stubs


class _JsonDumper(yaml.CSafeDumper):
    """Writes JSON values, quoting what kubectl would not read as a string."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Write equal values out in full: anchors surprise readers."""
        return True


def _represent_text(dumper: yaml.CSafeDumper, text: str) -> ScalarNode:
    style = "|" if "\n" in text else '"' if not _reads_as_text(text) else None
    return dumper.represent_scalar(_STRING, text, style=style)


_JsonDumper.add_representer(str, _represent_text)


def _reads_as_text(text: str) -> bool:
    return isinstance(resolve_scalar(text), str)


def _refuse(node: Node, message: str) -> NoReturn:
    raise YamlError(line_of(node), message)


def _refuse_depth(text: str) -> None:
    """Refuse what is nested too deeply: libyaml composes nodes by recursion in C, which ends the process.

    Raises:
        YamlError: there are more than `MAX_DEPTH` levels.
    """
    if not _may_be_deep(text):
        return
    depth = 0
    for event in yaml.parse(text, Loader=_NodeLoader):
        if isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise YamlError(event.start_mark.line + 1 if event.start_mark else 1, _TOO_DEEP)
        elif isinstance(event, CollectionEndEvent):
            depth -= 1


def _may_be_deep(text: str) -> bool:
    """Return whether a look at the text leaves that open: bracketed levels need brackets, others indentation."""
    indentation = max((len(start) for start in _BLOCK_START.findall(text)), default=0)
    return text.count("[") + text.count("{") + 2 * (indentation + 1) > MAX_DEPTH


class _NodeReader:
    """Reads the nodes of one document as JSON values; a repeated key is refused, or noted where there is a list."""

    def __init__(self, repeated: list[str] | None = None) -> None:
        self._open: set[int] = set()
        self._seen = 0
        self._repeated = repeated

    def value(self, node: Node) -> Any:  # Any: a JSON value
        self._seen += 1
        if self._seen > MAX_NODES:
            _refuse(node, f"the text unfolds to more than {MAX_NODES} values; use fewer aliases")
        if isinstance(node, ScalarNode):
            return _scalar(node)
        if id(node) in self._open:
            _refuse(node, "an alias stands inside the value that it names")
        # Aliases nest what the text itself does not.
        if len(self._open) >= MAX_DEPTH:
            _refuse(node, _TOO_DEEP)
        if node.tag not in _COLLECTION_TAGS:
            _refuse(node, f"the tag {node.tag} cannot be said in JSON; remove it")
        self._open.add(id(node))
        value = self._mapping(node) if isinstance(node, MappingNode) else [self.value(item) for item in node.value]
        self._open.discard(id(node))
        return value

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        own: set[str] = set()
        mapping: dict[str, Any] = {}
        # Order: as kubectl does it, a merged mapping replaces what stands before it and gives way to what follows.
        for key_node, value_node in node.value:
            if isinstance(key_node, ScalarNode) and key_node.tag == _PLAIN and key_node.value == MERGE_KEY:
                for other in self._merged(value_node):
                    mapping |= other
                continue
            key = _key(key_node)
            if key in own and self._repeated is None:
                _refuse(key_node, f'the key "{key}" appears twice in one mapping; keep one of them')
            if key in own and self._repeated is not None:
                self._repeated.append(f'line {line_of(key_node)}: key "{key}" already set in map')
            own.add(key)
            mapping[key] = self.value(value_node)
        return mapping

    def _merged(self, node: Node) -> list[dict[str, Any]]:
        """Return the mappings that a merge key names, the one that wins last."""
        value = self.value(node)
        others = value[::-1] if isinstance(value, list) else [value]
        if not all(isinstance(other, dict) for other in others):
            _refuse(node, "expected a mapping, or a list of mappings, after the merge key <<")
        return others


def _key(node: Node) -> str:
    if not isinstance(node, ScalarNode):
        _refuse(node, "expected text as a key, found a mapping or a list")
    try:
        return key_text(_resolved(node))
    except ValueError as error:
        _refuse(node, f"expected text as a key: {error}")


def _scalar(node: ScalarNode) -> Scalar:
    try:
        return json_scalar(_resolved(node))
    except ValueError as error:
        _refuse(node, str(error))


def _resolved(node: ScalarNode) -> Scalar:
    if node.tag == _PLAIN:
        return resolve_scalar(node.value)
    if not node.tag.startswith(_STANDARD):
        raise ValueError(f"the tag {node.tag} cannot be said in JSON; remove it")
    return resolve_tagged(node.value, node.tag.removeprefix(_STANDARD))
