"""Write the manifests of a second cluster beside those of the article's."""

import json
import urllib.request

import yaml
from demo.stage import Stage

CREATE_SECOND = (
    *("clusterctl", "create", "cluster", "--v", "4", "--provider", "openstack", "-p", "out/provider-components.yaml"),
    *("-c", "second/cluster.yaml", "-m", "second/machines.yaml", "--kubeconfig-out", "second/kubeconfig"),
)


def write_second(stage: Stage) -> None:
    """Write manifests like the first ones under other names, in a namespace of their own, with other addresses.

    The first cluster's further machine gets an address of its own, too.
    """
    folder = stage.work / "second"
    folder.mkdir()
    cluster = yaml.safe_load((stage.work / "cluster.yaml").read_text())
    cluster["metadata"] = {"name": "test2", "namespace": "second"}
    machines = yaml.safe_load((stage.work / "machines.yaml").read_text())
    for machine in machines["items"]:
        machine["metadata"]["namespace"] = "second"
        machine["metadata"]["generateName"] = machine["metadata"]["generateName"].replace("liugya", "other")
        machine["spec"]["providerSpec"]["value"]["floatingIP"] = allocate_address(stage)
    further = yaml.safe_load((stage.work / "machine.yaml").read_text())
    further["spec"]["providerSpec"]["value"]["floatingIP"] = allocate_address(stage)
    (stage.work / "machine.yaml").write_text(yaml.safe_dump(further))
    (folder / "cluster.yaml").write_text(yaml.safe_dump(cluster))
    (folder / "machines.yaml").write_text(yaml.safe_dump(machines))


def allocate_address(stage: Stage) -> str:
    """Have the cloud's administrator give the project one more address."""
    control = json.loads((stage.cloud / "control.json").read_text())
    request = urllib.request.Request(  # noqa: S310 - the cloud's own address
        control["url"] + "/world/floatingips", data=b"{}", headers={"Authorization": f"Bearer {control['token']}"}
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5) as reply:
        return str(json.load(reply)["floating_ip_address"])
