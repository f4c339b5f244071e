"""The provider through openstacksdk, over TLS, against a devcloud on sockets."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import SystemRandom
from typing import Any

import aiohttp
import pytest
import yaml
from tests.providers.openstack.conftest import Secrets
from tests.providers.openstack.machines import Reconciler, make_cluster, make_machine

from kubecapy.clock import SystemClock
from kubecapy.contract.errors import PermissionDenied, Unavailable
from kubecapy.contract.provider import Actuators, ProviderSettings, load_provider
from kubecapy.devcloud.serve import DevCloudServer
from kubecapy.devcloud.settings import DevCloudSettings, Timing

# openstacksdk 4 warns of its own InfluxDB support whether it is used or not; the class of warning is hidden by default.
pytestmark = pytest.mark.filterwarnings("ignore:Support for InfluxDB")

Entry = dict[str, Any]
Change = Callable[[Entry], None]


@pytest.fixture
async def devcloud(tmp_path: Path) -> AsyncIterator[DevCloudServer]:
    timing = Timing(boot_seconds=0.1, schedule_seconds=0.0, delete_seconds=0.0)
    async with DevCloudServer(DevCloudSettings(tmp_path / "cloud", timing=timing), SystemClock(), SystemRandom()) as it:
        yield it


class Control:
    """Speaks to the devcloud's control endpoint."""

    def __init__(self, devcloud: DevCloudServer) -> None:
        access = json.loads(devcloud.control_token_path.read_text())
        self._url, self._headers = access["url"], {"Authorization": f"Bearer {access['token']}"}

    async def get(self, path: str) -> Any:
        async with aiohttp.ClientSession(headers=self._headers) as session, session.get(self._url + path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, path: str, body: Any) -> Any:
        async with (
            aiohttp.ClientSession(headers=self._headers) as session,
            session.post(self._url + path, json=body) as answer,
        ):
            assert answer.status < 300, await answer.text()
            return await answer.json()

    async def calls(self) -> list[tuple[str, str]]:
        entries = (await self.get("/ledger"))["entries"]
        return [(entry["method"], entry["path"]) for entry in entries]


def entry_of(devcloud: DevCloudServer) -> Entry:
    entry: Entry = yaml.safe_load(devcloud.clouds_yaml_path.read_text())["clouds"]["openstack"]
    return entry


@asynccontextmanager
async def opened(path: Path, secrets: Secrets | None = None) -> AsyncIterator[Actuators]:
    environ = {"OS_CLOUD": "openstack", "OS_CLIENT_CONFIG_FILE": str(path)}
    settings = ProviderSettings(SystemClock(), SystemRandom(), environ, secrets or Secrets())
    async with load_provider("openstack").open_actuators(settings) as actuators:
        yield actuators


@asynccontextmanager
async def opened_with(tmp_path: Path, devcloud: DevCloudServer, change: Change) -> AsyncIterator[Actuators]:
    """Open the provider with a clouds.yaml that `change` has changed."""
    entry = entry_of(devcloud)
    change(entry)
    path = tmp_path / "changed.yaml"
    path.write_text(yaml.safe_dump({"clouds": {"openstack": entry}}))
    async with opened(path) as actuators:
        yield actuators


async def test_a_machine_lives_its_whole_life_over_tls(devcloud: DevCloudServer) -> None:
    clock = SystemClock()
    control = Control(devcloud)
    before = await control.get("/world")
    before.pop("tokens")
    async with opened(devcloud.clouds_yaml_path) as actuators:
        machine = Reconciler(actuators.machine, make_machine(floatingIP="172.24.4.2"), make_cluster())
        await actuators.cluster.reconcile(make_cluster())
        await machine.create()
        while (seen := await machine.observe()) is None or seen.state != "Running":
            await clock.sleep(0.1)
        assert seen.addresses[0].address == "172.24.4.2"
        while not await machine.delete():
            await clock.sleep(0.1)
    after = await control.get("/world")
    assert after.pop("tokens") == 1
    assert after == before
    calls = await control.calls()
    logins = [path for _, path in calls if path.startswith("/identity")]
    assert logins == ["/identity/v3", "/identity/v3/auth/tokens"], "one discovery and one login serve everything"
    roots = {"/compute", "/compute/v2.1", "/networking", "/networking/v2.0", "/image", "/image/v2"}
    assert not roots & {path.rstrip("/") for _, path in calls}, "no service is asked for its versions"
    agents = {entry["user_agent"] for entry in (await control.get("/ledger"))["entries"]}
    assert all(agent.startswith("kubecapy/") for agent in agents)


async def test_a_token_that_ended_is_renewed_once(devcloud: DevCloudServer) -> None:
    control = Control(devcloud)
    async with opened(devcloud.clouds_yaml_path) as actuators:
        machine = Reconciler(actuators.machine, make_machine(), make_cluster())
        await machine.create()
        await control.post("/world/tokens/expire", {})
        assert await machine.observe() is not None
        assert not await machine.delete()
    calls = await control.calls()
    assert calls.count(("POST", "/identity/v3/auth/tokens")) == 2


def _wrong_password(entry: Entry) -> None:
    entry["auth"]["password"] = "wrong-hidden-word"


def _unknown_project(entry: Entry) -> None:
    entry["auth"]["project_id"] = "0" * 32


def _no_project(entry: Entry) -> None:
    entry["auth"].pop("project_id")


def _closed_port(entry: Entry) -> None:
    entry["auth"]["auth_url"] = "https://127.0.0.1:9"


def _not_keystone(entry: Entry) -> None:
    entry["auth"]["auth_url"] = entry["auth"]["auth_url"].replace("/identity", "/elsewhere")


def _other_region(entry: Entry) -> None:
    entry["region_name"] = "Mars"


def _no_ca(entry: Entry) -> None:
    entry.pop("cacert")


def _unknown_auth_type(entry: Entry) -> None:
    entry["auth_type"] = "magic"


@pytest.mark.parametrize(
    ("change", "expected", "sentence"),
    [
        (_wrong_password, PermissionDenied, r'the login of "capi" to cloud "openstack" in .*changed.yaml was refused'),
        (_unknown_project, PermissionDenied, r"was refused; check user, password, domain and project"),
        (_no_project, PermissionDenied, r'names no project; set "auth.project_id" or "auth.project_name"'),
        (_closed_port, Unavailable, r"https://127.0.0.1:9 cannot be reached: Connection refused"),
        (_not_keystone, PermissionDenied, r'there is no Keystone at the auth_url of cloud "openstack"'),
        (_no_ca, Unavailable, r'is not trusted by this system; give its CA as "cacert" of cloud "openstack"'),
        (_unknown_auth_type, PermissionDenied, r'cloud "openstack" in .* cannot be used: .*magic'),
    ],
)
async def test_a_login_that_fails_says_why_in_one_sentence(
    tmp_path: Path, devcloud: DevCloudServer, change: Change, expected: type[Exception], sentence: str
) -> None:
    async with opened_with(tmp_path, devcloud, change) as actuators:
        with pytest.raises(expected, match=sentence) as caught:
            await actuators.cluster.reconcile(make_cluster())
    assert "hidden-word" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_region_without_the_service_is_named(tmp_path: Path, devcloud: DevCloudServer) -> None:
    async with opened_with(tmp_path, devcloud, _other_region) as actuators:
        machine = Reconciler(actuators.machine, make_machine(), make_cluster())
        with pytest.raises(Unavailable, match=r"catalog of cloud .openstack. has no such service: .*Mars"):
            await machine.reserve()


async def test_a_ca_that_does_not_match_is_named(tmp_path: Path, devcloud: DevCloudServer) -> None:
    async with DevCloudServer(DevCloudSettings(tmp_path / "b"), SystemClock(), SystemRandom()) as other:

        def change(entry: Entry) -> None:
            entry["cacert"] = str(other.ca_path)

        async with opened_with(tmp_path, devcloud, change) as actuators:
            with pytest.raises(Unavailable, match=r'is not trusted by the CA that "cacert" of cloud "openstack" in'):
                await actuators.cluster.reconcile(make_cluster())


async def test_an_inline_ca_is_trusted_and_leaves_no_file(
    tmp_path: Path, devcloud: DevCloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))

    def change(entry: Entry) -> None:
        entry["cacert"] = devcloud.ca_path.read_text()

    async with opened_with(tmp_path, devcloud, change) as actuators:
        await actuators.cluster.reconcile(make_cluster())
        assert len(list(folder.iterdir())) == 1
    assert list(folder.iterdir()) == []


async def test_an_unverified_cloud_is_spoken_to_whatever_its_ca_says(tmp_path: Path, devcloud: DevCloudServer) -> None:
    def change(entry: Entry) -> None:
        entry["verify"] = False
        entry["cacert"] = "-----BEGIN CERTIFICATE-----\nxxxxxxxx\n-----END CERTIFICATE-----\n"

    async with opened_with(tmp_path, devcloud, change) as actuators:
        await actuators.cluster.reconcile(make_cluster())


async def test_credentials_in_a_secret_serve_and_a_rotated_one_counts_at_once(devcloud: DevCloudServer) -> None:
    entry = entry_of(devcloud)
    secrets = Secrets()

    def store(password: str) -> None:
        entry["auth"]["password"] = password
        clouds = yaml.safe_dump({"clouds": {"mine": entry}}).encode()
        secrets.data["team", "cloud"] = {"clouds.yaml": clouds, "cacert": devcloud.ca_path.read_bytes()}

    right = entry["auth"]["password"]
    cluster = make_cluster(namespace="team", value={"cloudsSecret": {"name": "cloud"}, "cloudName": "mine"})
    async with opened(Path("/nowhere/clouds.yaml"), secrets) as actuators:
        store("wrong")
        with pytest.raises(PermissionDenied, match="Secret team/cloud was refused"):
            await actuators.cluster.reconcile(cluster)
        store(right)
        await actuators.cluster.reconcile(cluster)


async def test_a_silent_cloud_is_unavailable_and_closing_does_not_wait_for_it(
    tmp_path: Path, devcloud: DevCloudServer
) -> None:
    control = Control(devcloud)
    clock = SystemClock()

    def change(entry: Entry) -> None:
        entry["api_timeout"] = 0.3

    async with opened_with(tmp_path, devcloud, change) as actuators:
        await actuators.cluster.reconcile(make_cluster())
        await control.post("/faults", {"match": {"service": "compute"}, "action": {"kind": "hold"}, "times": None})
        machine = Reconciler(actuators.machine, make_machine(), make_cluster())
        with pytest.raises(Unavailable, match=r"listing servers: .* did not answer in time"):
            await machine.reserve()
        started = clock.monotonic()
    assert clock.monotonic() - started < 0.2


async def test_a_connection_cut_in_mid_call_is_unavailable(devcloud: DevCloudServer) -> None:
    control = Control(devcloud)
    async with opened(devcloud.clouds_yaml_path) as actuators:
        await control.post("/faults", {"match": {"service": "network"}, "action": {"kind": "drop"}})
        machine = Reconciler(actuators.machine, make_machine(), make_cluster())
        with pytest.raises(Unavailable, match=r"looking for a network: .* cannot be reached"):
            await machine.reserve()


async def test_no_log_line_at_any_level_holds_a_secret(
    devcloud: DevCloudServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    password = entry_of(devcloud)["auth"]["password"]
    async with opened(devcloud.clouds_yaml_path) as actuators:
        machine = Reconciler(actuators.machine, make_machine(), make_cluster())
        await machine.create()
    assert "creating server node-1" in caplog.text
    assert password not in caplog.text
    assert "runcmd" not in caplog.text
    assert "I2Nsb3VkLWNvbmZpZ" not in caplog.text, "user data as base64"


def test_the_sdk_is_not_imported_before_a_cloud_is_spoken_to() -> None:
    code = (
        "import sys\n"
        "from kubecapy.contract.provider import load_provider\n"
        "load_provider('openstack')\n"
        "assert not {'openstack', 'keystoneauth1', 'requests'} & set(sys.modules), 'imported'\n"
    )

    subprocess.run([sys.executable, "-B", "-c", code], check=True)


async def test_a_process_that_ends_does_not_wait_for_a_silent_cloud(tmp_path: Path, devcloud: DevCloudServer) -> None:
    control = Control(devcloud)
    await control.post("/faults", {"action": {"kind": "hold"}, "times": None})
    code = (
        "import asyncio, random, sys\n"
        "from kubecapy.clock import SystemClock\n"
        "from kubecapy.contract.provider import ProviderSettings, load_provider\n"
        "from tests.providers.openstack.conftest import Secrets\n"
        "from tests.providers.openstack.machines import make_cluster\n"
        "environ = {'OS_CLOUD': 'openstack', 'OS_CLIENT_CONFIG_FILE': sys.argv[1]}\n"
        "settings = ProviderSettings(SystemClock(), random.SystemRandom(), environ, Secrets())\n"
        "async def main():\n"
        "    async with load_provider('openstack').open_actuators(settings) as actuators, asyncio.timeout(0.2):\n"
        "        await actuators.cluster.reconcile(make_cluster())\n"
        "try:\n"
        "    asyncio.run(main())\n"
        "except TimeoutError:\n"
        "    print('ends')\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-B", "-c", code, str(devcloud.clouds_yaml_path), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):  # A call would take 60 seconds.
        output, _ = await process.communicate()
    assert (output, process.returncode) == (b"ends\n", 0)
