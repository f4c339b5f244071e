"""Run an API server for this machine out of one private folder: its keys, its store, its administrator's kubeconfig."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

from kubecapy.apiserver.pki import LocalPki, make_local_pki
from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.apiserver.storage.journal import StoreError
from kubecapy.clock import Clock
from kubecapy.local.private_files import make_private_folder, write_private
from kubecapy.local.state_folder import FolderRefused

ADDRESS: Final = "127.0.0.1"
KUBECONFIG_FILE: Final = "kubeconfig"
_STORE_FILE: Final = "store.sqlite"


@asynccontextmanager
async def open_api_server(folder: Path, clock: Clock, random: Random, *, port: int = 0) -> AsyncIterator[Path]:
    """Serve on 127.0.0.1 what is stored in `folder` and yield the path of the administrator's kubeconfig.

    The folder is made where it is missing. Port 0 takes a free one. On leaving, the server stops; the store stays.

    Raises:
        FolderRefused: the folder holds a store that cannot be used.
    """
    make_private_folder(folder)
    pki = make_local_pki(folder / "pki", (ADDRESS, "localhost"), clock)
    async with AsyncExitStack() as stack:
        server = ApiServer(_settings(folder, pki, port), clock, random)
        try:
            await stack.enter_async_context(server)
        except StoreError as error:
            raise FolderRefused(str(error)) from error
        kubeconfig = folder / KUBECONFIG_FILE
        write_private(kubeconfig, pki.admin_kubeconfig(server.url))
        yield kubeconfig


def _settings(folder: Path, pki: LocalPki, port: int) -> ApiServerSettings:
    return ApiServerSettings(
        bind_addresses=(ADDRESS,),
        port=port,
        serving_certificate=pki.serving_certificate,
        serving_key=pki.serving_key,
        client_ca=pki.ca_certificate,
        root_ca=pki.ca_certificate,
        service_account_signing_key=pki.service_account_key,
        service_account_public_key=pki.service_account_public_key,
        store=folder / _STORE_FILE,
        anonymous_auth=False,
    )
