"""Run `kubecapy apiserver` as a process of its own, which can be killed and starved of disk space."""

import asyncio
import resource
import signal
import ssl
import sys
from pathlib import Path

import aiohttp
from tests.apiserver.conftest import Api

from kubecapy.client import kubeconfig


class ServerProcess:
    """A server on the state folder `folder` for as long as the block lasts, with an `Api` to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def __aenter__(self) -> "ServerProcess":
        command = [sys.executable, "-m", "kubecapy.daemons", "apiserver", "--state-dir", str(self.folder)]
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
        assert self.process.stdout is not None
        told = (await self.process.stdout.readline()).decode()
        if not told:
            _, errors = await self.process.communicate()
            raise AssertionError(errors.decode())
        credentials = kubeconfig.load(Path(told.removeprefix("export KUBECONFIG=").strip()).read_bytes())
        context = ssl.create_default_context(cafile=self.folder / "pki" / "ca.crt")
        context.load_cert_chain(*(self.folder / "pki" / f"admin.{part}" for part in ("crt", "key")))
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context, limit=0))
        self.api = Api(self._session, credentials.server)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        # Drained, so that a talkative server cannot block on a full pipe.
        _, errors = await self.process.communicate()
        self.errors = errors.decode()

    async def kill(self) -> None:
        """End it as a power cut would, and wait until it is gone."""
        self.process.kill()
        await self.process.wait()

    def limit_file_size(self, size: int) -> None:
        """Let no file of it grow beyond `size` bytes: the system refuses the write, as a full disk does."""
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, hard))

    def lift_file_size_limit(self) -> None:
        """Let files grow as far as they did before."""
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
