"""Check how an installed provider is loaded: by its name, cheaply, and without an effect."""

import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from kubecapy.testing.provider_conformance.checks import Violation

_PROGRAM: Final = """
import sys
before = set(sys.modules)
from kubecapy.contract.provider import find_provider_of, load_provider
name, heavy = sys.argv[1], sys.argv[2:]
provider = load_provider(name)
assert provider.name == name, f"the provider calls itself {provider.name}, its entry point {name}"
assert provider.spec_api_versions, "the provider names the apiVersion of its specs"
for version in provider.spec_api_versions:
    found = find_provider_of(version)
    assert found is not None and found.name == name, f"apiVersion {version} is another provider's"
loaded = sorted(module for module in heavy if module in sys.modules)
assert not loaded, f"loading the provider imports {', '.join(loaded)}"
"""


def check_loading(name: str, heavy: Sequence[str] = ()) -> None:
    """Load the installed provider `name` in a process of its own.

    `heavy` names modules that only a cloud that is spoken to needs, such as its SDK: every command of `clusterctl`
    loads every installed provider.

    Raises:
        Violation: it is not found by its name and apiVersions, or imports what it need not.
    """
    done = subprocess.run([sys.executable, "-c", _PROGRAM, name, *heavy], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Violation(done.stderr.strip().rpartition("\n")[2])
