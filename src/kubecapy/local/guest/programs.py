"""Keep the programs that a guest can install: small files that name the program and its version."""

import re

import msgspec

from kubecapy.local.guest.filesystem import GuestFilesystem

PROGRAM_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/opt/bin")
_FORM = re.compile(rb"simulated program (?P<name>[\w.-]+) (?P<version>\S+)\n")


class Program(msgspec.Struct, frozen=True):
    """An installed program."""

    name: str
    version: str
    """Without a leading `v`, such as `1.14.0`."""


def encode_program(program: Program) -> bytes:
    """Return the content of the file that stands for `program`."""
    return f"simulated program {program.name} {program.version}\n".encode()


def find_program(files: GuestFilesystem, name: str) -> Program | None:
    """Return the program that `name` runs: a path, or the first executable of that name in the usual folders."""
    paths = [name] if "/" in name else [f"{folder}/{name}" for folder in PROGRAM_FOLDERS]
    for path in paths:
        if files.is_executable(path) and (found := _FORM.fullmatch(files.read(path))):
            return Program(found["name"].decode(), found["version"].decode())
    return None


def install_program(files: GuestFilesystem, program: Program, *, folder: str = "/usr/bin") -> None:
    """Put a program into `folder`, over an older version."""
    files.install(f"{folder}/{program.name}", encode_program(program), mode=0o755)
