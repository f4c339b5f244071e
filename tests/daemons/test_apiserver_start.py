"""What a server's start does not wait for."""

import subprocess
import sys
from pathlib import Path

HEAVY = ("cel", "jinja2", "jsonpatch", "jwt", "openstack", "prometheus_client", "rich", "yaml")


def test_a_server_starts_without_what_its_first_request_does_not_need(tmp_path: Path) -> None:
    code = (
        "import asyncio, pathlib, random, sys\n"
        "import kubecapy.daemons.__main__, kubecapy.daemons.apiserver\n"
        "from kubecapy.clock import SystemClock\n"
        "from kubecapy.local.api_server import open_api_server\n"
        "async def start():\n"
        "    async with open_api_server(pathlib.Path(sys.argv[1]), SystemClock(), random.SystemRandom()):\n"
        f"        assert not {set(HEAVY)} & set(sys.modules), sorted({set(HEAVY)} & set(sys.modules))\n"
        "asyncio.run(start())\n"
    )

    subprocess.run([sys.executable, "-B", "-c", code, str(tmp_path / "server")], check=True)


def test_importing_the_server_looks_at_no_authorities_of_the_machine() -> None:
    code = (
        "import os, ssl\n"
        "os.environ['SSL_CERT_DIR'] = '/somewhere'\n"
        "os.environ.pop('SSL_CERT_FILE', None)\n"
        "from kubecapy.daemons.apiserver import _without_authorities\n"
        "with _without_authorities():\n"
        "    import aiohttp.connector as connector\n"
        "assert connector._SSL_CONTEXT_VERIFIED.cert_store_stats()['x509'] == 0\n"
        "assert os.environ['SSL_CERT_DIR'] == '/somewhere'\n"
        "assert 'SSL_CERT_FILE' not in os.environ\n"
    )

    subprocess.run([sys.executable, "-B", "-c", code], check=True)
