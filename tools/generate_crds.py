"""Write the CustomResourceDefinitions to `config/crds`, or check that the files are fresh.

Usage: python tools/generate_crds.py [--check]
"""

import sys
from pathlib import Path

import yaml

from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions
from kubecapy.apimachinery.meta import JsonObject

FOLDER = Path(__file__).resolve().parent.parent / "config" / "crds"


def main(arguments: list[str]) -> int:
    """Write or check the files; return the exit status, 1 where a file is stale."""
    wanted = {FOLDER / file_name(definition): render(definition) for definition in custom_resource_definitions()}
    if arguments == ["--check"]:
        return report_stale(wanted)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in wanted.items():
        path.write_text(text)
    return 0


def file_name(definition: JsonObject) -> str:
    """Return such as `cluster.k8s.io_machines.yaml`."""
    spec = definition["spec"]
    return f"{spec['group']}_{spec['names']['plural']}.yaml"


def render(definition: JsonObject) -> str:
    """Return the definition as YAML, keys in the order of writing."""
    head = "# Generated from the API types by tools/generate_crds.py; change the types, then run it again.\n"
    return head + yaml.safe_dump(definition, sort_keys=False, width=120, allow_unicode=True)


def report_stale(wanted: dict[Path, str]) -> int:
    """Print every file that differs from what would be written; return 1 where there is one."""
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    for path in stale:
        sys.stderr.write(f"{path} is stale: run python tools/generate_crds.py\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
