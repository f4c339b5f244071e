"""Find the manifest files that a person means, and read every object of them, whatever else is wrong with them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from kubecapy.apimachinery.codec import Manifest
from kubecapy.apimachinery.manifests import Flaw, scan_manifests
from kubecapy.apimachinery.yaml_codec import YamlError, scan_documents
from kubecapy.clusterctl.inputs.checks.findings import Finding
from kubecapy.clusterctl.objects.manifest_files import STANDARD_INPUT, UnreadableFile, read_text

SUFFIXES = (".yaml", ".yml", ".json")
"""Files of a folder that are looked into, as kubectl has it."""


class Sources(msgspec.Struct, frozen=True):
    """What was read."""

    manifests: tuple[Manifest, ...]
    findings: tuple[Finding, ...]
    """What is wrong with whole files, or with parts of them that are no objects."""
    files: tuple[str, ...]
    """Every file in the order of reading, as findings name it."""


def read_sources(paths: Sequence[Path], *, recursive: bool) -> Sources:
    """Read the files at `paths`; a folder stands for its manifests, with `recursive` for those below it too.

    A file that is named twice is read once.
    """
    manifests: list[Manifest] = []
    findings: list[Finding] = []
    read: dict[Path, str] = {}
    for path in paths:
        is_folder = path != STANDARD_INPUT and path.is_dir()
        found = sorted(_files_in(path, recursive=recursive)) if is_folder else [path]
        if not found:
            message = f"the folder holds no manifest; expected a file that ends in {', '.join(SUFFIXES)}"
            findings.append(Finding(source=str(path), message=message))
        for file in found:
            if file.absolute() not in read:
                read[file.absolute()] = str(file)
                objects, wrong = _read_file(file, is_named=not is_folder)
                manifests += objects
                findings += wrong
    return Sources(tuple(manifests), tuple(findings), tuple(read.values()))


def _files_in(folder: Path, *, recursive: bool) -> Iterator[Path]:
    for path in folder.rglob("*") if recursive else folder.iterdir():
        if path.suffix in SUFFIXES and path.is_file():
            yield path


def _read_file(path: Path, *, is_named: bool) -> tuple[list[Manifest], list[Finding]]:
    try:
        text = read_text(path)
    except UnreadableFile as error:
        return [], [Finding(source=str(path), message=f"cannot be read: {error.reason}")]
    if not is_named and not _holds_objects(text):
        message = "not checked: no document of it has apiVersion or kind"
        return [], [Finding(severity="note", source=str(path), message=message)]
    found = list(scan_manifests(text, str(path)))
    if not found:
        message = "the file holds no object; expected at least one with apiVersion and kind"
        return [], [Finding(source=str(path), message=message)]
    flaws = [part for part in found if isinstance(part, Flaw)]
    wrong = [Finding(source=flaw.source, line=flaw.line, message=flaw.message) for flaw in flaws]
    return [part for part in found if isinstance(part, Manifest)], wrong


def _holds_objects(text: str) -> bool:
    """Return whether anything in a file of a folder looks like an object: other YAML may lie beside manifests."""
    for document in scan_documents(text):
        if isinstance(document, YamlError):
            return True
        if isinstance(document.value, dict) and document.value.keys() & {"apiVersion", "kind", "items"}:
            return True
    return False
