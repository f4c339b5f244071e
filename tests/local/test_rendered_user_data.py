"""Guests read the user data that machines are given as strangers would, for old releases and new ones."""

from pathlib import Path

import msgspec
import pytest
from tests.bootstrap.builders import a_cluster, a_machine, a_token, authorities
from tests.local.running_cloud import administrator, eventually, node_ready, open_cloud

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint, NodeAddress
from kubecapy.bootstrap.cloud_init import Template
from kubecapy.bootstrap.templates import user_data_templates
from kubecapy.bootstrap.user_data import BootRequest, HostFacts, render_user_data
from kubecapy.local.certificates import load_authority
from kubecapy.local.workloads.kinds import labels_of

IMAGES = {"ubuntu": "KVM-Ubt18.04-Srv-x64", "centos": "KVM-CentOS7-x64"}


@pytest.mark.parametrize(
    ("system", "version", "role"),
    [("centos", "1.14.0", "master"), ("ubuntu", "1.23.17", "control-plane"), ("centos", "1.31.2", "control-plane")],
)
async def test_a_cluster_of_two_boots_from_the_rendered_user_data(
    tmp_path: Path, system: str, version: str, role: str
) -> None:
    made = authorities()
    templates = user_data_templates(system)  # type: ignore[arg-type]  # one of the two
    async with open_cloud(tmp_path / "cloud") as (_, user):
        port, fixed, floating = await user.reserve("cp-1", floating=True)
        host = HostFacts(
            hostname="cp-1",
            addresses=(
                NodeAddress(type="InternalIP", address=fixed),
                NodeAddress(type="ExternalIP", address=floating),
            ),
            kubelet_arguments={"provider-id": "openstack:///{{ v1.instance_id }}"},
        )
        request = BootRequest(
            machine=a_machine("cp-1", version, control_plane=version),
            cluster=a_cluster(),
            endpoint=ApiEndpoint(host=floating, port=6443),
            host=host,
            authorities=made,
            token=a_token(),
            joins=False,
        )
        text = render_user_data(Template(templates["master"], "test"), request).reveal().decode()
        control_plane = await user.create_server("cp-1", port, text, IMAGES[system])

        authority = load_authority(made.cluster.certificate.encode(), made.cluster.key.reveal().encode())
        async with administrator(authority, f"{floating}:6443") as client:
            await eventually(lambda: user.console(control_plane), lambda console: "bootstrap finished" in console)
            first = await node_ready(client, "cp-1")
            port, fixed, _ = await user.reserve("w-1", floating=False)
            joining = msgspec.structs.replace(
                request,
                machine=a_machine("w-1", version),
                host=HostFacts("w-1", (NodeAddress(type="InternalIP", address=fixed),), (), host.kubelet_arguments),
                joins=True,
            )
            text = render_user_data(Template(templates["worker"], "test"), joining).reveal().decode()
            worker = await user.create_server("w-1", port, text, IMAGES[system])
            second = await node_ready(client, "w-1")

    assert f"node-role.kubernetes.io/{role}" in labels_of(first)
    assert first["spec"]["providerID"] == f"openstack:///{control_plane}"
    assert second["spec"]["providerID"] == f"openstack:///{worker}"
    assert second["status"]["nodeInfo"]["kubeletVersion"] == f"v{version}"
