"""A running server is given an address, stopped, started and rebooted: its guest follows."""

from pathlib import Path

from tests.local import user_data
from tests.local.running_cloud import CLOCK, administrator, eventually, node_ready, open_cloud

from kubecapy.apiserver.pki.certificates import issue_authority
from kubecapy.local.cloud import LocalCloud
from kubecapy.local.workloads.kinds import NODES, is_true


async def test_a_guest_follows_its_servers_addresses_and_power(tmp_path: Path) -> None:
    authority = issue_authority("kubernetes", CLOCK.now())
    pem, key = authority.certificate_pem().decode(), authority.key_pem().decode()
    async with open_cloud(tmp_path / "cloud") as (cloud, user):
        port, fixed, _ = await user.reserve("cp", floating=False)
        addresses = (await user.call("GET", "network", "/v2.0/floatingips"))["floatingips"]
        free = next(entry for entry in addresses if not entry["port_id"])
        floating = free["floating_ip_address"]
        text = user_data.control_plane("cp", fixed, floating, pem, key)
        local = text.replace(f"controlPlaneEndpoint: {floating}", f"controlPlaneEndpoint: {fixed}")
        server = await user.create_server("cp", port, local)
        async with administrator(authority, f"{fixed}:6443") as client:
            await node_ready(client, "cp")

        await user.call("PUT", "network", f"/v2.0/floatingips/{free['id']}", {"floatingip": {"port_id": port}})

        async with administrator(authority, f"{floating}:6443") as client:
            await node_ready(client, "cp")

            await user.call("POST", "compute", f"/servers/{server}/action", {"os-stop": None})
            await eventually(lambda: _guests(cloud), lambda running: running == 0)

            await user.call("POST", "compute", f"/servers/{server}/action", {"os-start": None})
            await eventually(lambda: client.list(NODES), lambda nodes: is_true(nodes.items[0], "Ready"))

            await user.call("POST", "compute", f"/servers/{server}/action", {"reboot": {"type": "SOFT"}})
            console = await eventually(lambda: user.console(server), lambda text: text.count("Linux version") == 3)

    assert console.count("reboot: Power down") == 2
    assert console.count("Your Kubernetes control-plane has initialized successfully!") == 1


async def _guests(cloud: LocalCloud) -> int:
    return cloud.supervisor.running
