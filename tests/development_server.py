"""Run `kubecapy apiserver` with the project's definitions applied, as a person would."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions
from kubecapy.apimachinery.codec import dump_yaml


@contextmanager
def run_development_server(folder: Path) -> Iterator[Path]:
    """Give the path of the administrator's kubeconfig for as long as the server runs; it must end cleanly."""
    command = [sys.executable, "-m", "kubecapy.daemons", "apiserver", "--state-dir", str(folder / "state")]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        kubeconfig = Path(server.stdout.readline().removeprefix("export KUBECONFIG=").strip())
        definitions = folder / "crds.yaml"
        definitions.write_text("---\n".join(dump_yaml(definition) for definition in custom_resource_definitions()))
        apply = ["clusterctl", "apply", "-f", definitions, "--kubeconfig", kubeconfig]
        applied = subprocess.run(apply, capture_output=True, text=True)
        assert applied.returncode == 0, applied.stderr
        yield kubeconfig
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=10)
    assert server.returncode == 0
