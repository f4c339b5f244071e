"""Machines that cannot come up say why, in their conditions and Events, and come up once the cause is gone.

All are declared at once, so that their waits pass together; the last test ends the cluster's management of itself.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
import yaml
from demo.__main__ import KEY_PAIR
from demo.stage import open_stage
from tests.e2e.wrong_machines import (
    MOTTO,
    Site,
    eventually,
    user_data_secret,
    worker,
    wrong_templates,
)

pytestmark = [pytest.mark.xdist_group("failing-machines"), pytest.mark.timeout(400)]

UNKNOWN, HELD, OF_MASTER, UNROUTED = "unknown-address", "held-address", "masters-address", "unrouted-address"
FREE_WITHIN_SECONDS = 90.0
"""A mended machine comes up by itself: its longest wait so far doubled, then a boot."""
CREATED_WITHIN_SECONDS = 120.0
LONG_WAIT_SECONDS = 1.5
MOST_TRIES = 10
"""Within the few seconds until two waits were long; a hot loop would try hundreds of times."""
DIAGNOSED_WITHIN_SECONDS = 90.0
"""A console is read 20 s after its server runs; until then a boot may still end well."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The article's cluster without its worker, and every wrong machine declared in it."""
    with open_stage(lambda _: None) as stage:
        site = Site(stage=stage, runner=None)
        site.post("/world/timing", {"boot_seconds": 0.2})
        private = stage.folder / "home" / ".ssh" / "openstack_tmp"
        site.run("openstack", "keypair", "create", "--private-key", str(private), KEY_PAIR)
        site.run("clusterctl", "generate-yaml", "clouds.yaml", "openstack", "ubuntu")
        machines = stage.work / "machines.yaml"
        machines.write_text(yaml.safe_dump({"items": yaml.safe_load(machines.read_text())["items"][:1]}))
        create_without_router(site)
        declare(site)
        yield site


def create_without_router(site: Site) -> None:
    """Create the cluster as the article's author did, on a network that no router joins, and mend that meanwhile."""
    site.cable("detach")
    files = ("-c", "cluster.yaml", "-m", "machines.yaml", "-p", "out/provider-components.yaml")
    told = site.stage.folder / "create.log"
    with (
        told.open("w") as output,
        site.started("clusterctl", "create", "cluster", "--provider", "openstack", *files, stderr=output) as create,
    ):
        eventually(lambda: "no router joins" in told.read_text(), "the missing router is told", seconds=60)
        site.cable("attach")
        create.wait(timeout=CREATED_WITHIN_SECONDS)
    site.outputs["create-cluster"] = told.read_text()
    assert create.returncode == 0, site.outputs["create-cluster"]


def declare(site: Site) -> None:
    """Cut the router off, give an address to somebody else's port, and declare the wrong machines."""
    addresses = {name: site.post("/world/floatingips", {})["floating_ip_address"] for name in (HELD, UNROUTED)}
    site.hold(addresses[HELD], "printer")
    site.cable("detach")
    secrets = [user_data_secret(name, template) for name, template in wrong_templates(site).items()]
    joiners = [worker(site, secret["metadata"]["name"], user_data=secret["metadata"]["name"]) for secret in secrets]
    addresses |= {UNKNOWN: unknown_address(site), OF_MASTER: address_of_master(site)}
    site.apply(*secrets, *joiners, *(worker(site, name, address=address) for name, address in addresses.items()))


def unknown_address(site: Site) -> str:
    """Return an address of the floating range that nobody holds."""
    return address_of_master(site).rpartition(".")[0] + ".100"


def address_of_master(site: Site) -> str:
    machines = yaml.safe_load((site.stage.work / "machines.yaml").read_text())["items"]
    return machines[0]["spec"]["providerSpec"]["value"]["floatingIP"]


def address_of(site: Site, name: str) -> str:
    return site.machine(name)["spec"]["providerSpec"]["value"]["floatingIP"]


def test_a_create_tells_of_a_missing_router_and_goes_on_once_it_is_there(site: Site) -> None:
    told = site.outputs["create-cluster"]
    address = re.escape(address_of_master(site))

    assert re.search(
        rf"waiting for machine liugya-master-\w+: Pending, Reserved: floating address {address} for Machine "
        r"default/liugya-master-\w+: no router joins its network and network ",
        told,
    )
    assert "Done provisioning cluster" in told


def sentences(site: Site) -> dict[str, str]:
    """Return what each machine must say of its floating address: its beginning."""

    def start(name: str) -> str:
        return f"floating address {address_of(site, name)} for Machine default/{name}"

    master = site.kubectl("get", "machines", "-l", "set=master")["items"][0]["metadata"]["name"]
    return {
        UNKNOWN: f"{start(UNKNOWN)} is not allocated to the project; allocate it, or name one that "
        "`openstack floating ip list` shows",
        HELD: f"{start(HELD)} is in use by port printer (",
        OF_MASTER: f"{start(OF_MASTER)} is in use by port {master}_",
        UNROUTED: f"{start(UNROUTED)}: no router joins its network and network ",
    }


def test_each_form_of_the_articles_failure_has_a_sentence_of_its_own(site: Site) -> None:
    for name, sentence in sentences(site).items():
        eventually(lambda name=name: site.warnings(name), f"an Event of {name}", seconds=60)
        told = site.condition(name, "Reserved")

        assert told["status"] == "False"
        assert told["message"].startswith(sentence)
        assert site.condition(name, "Ready")["message"] == told["message"]
        assert site.machine(name)["status"]["phase"] == "Pending"
        assert [event["message"].startswith(sentence) for event in site.warnings(name)] == [True]

    assert " of server liugya-master-" in site.condition(OF_MASTER, "Reserved")["message"]
    assert sentences(site)[HELD] in site.run("kubectl", "describe", "machine", HELD)


def test_a_failing_machine_is_tried_again_after_ever_longer_waits(site: Site) -> None:
    eventually(lambda: len(long_waits(site.tries(UNROUTED))) >= 2, "two long waits", seconds=60)

    tries = site.tries(UNROUTED)
    first, *later = long_waits(tries)
    address = site.address_id(address_of(site, UNROUTED))
    refused = [entry for entry in site.ledger("PUT", f"/floatingips/{address}") if entry["status"] == 404]

    # Twice as long is what they are meant to be; a busy machine adds to each.
    assert all(wait > before for before, wait in pairwise([first, *later]))
    assert len(tries) <= MOST_TRIES
    assert len(refused) <= len(tries) + 1, "one try asks the cloud once; one may be on its way"


def long_waits(tries: list[float]) -> list[float]:
    """Return the waits of the back-off; shorter ones come of changes, such as that of the status."""
    return [wait for before, after in pairwise(tries) if (wait := after - before) > LONG_WAIT_SECONDS]


def test_a_machine_comes_up_by_itself_once_its_address_is_mended(site: Site) -> None:
    assert not [name for name in (UNKNOWN, HELD, UNROUTED) if site.ready(name)]

    site.post("/world/floatingips", {"address": address_of(site, UNKNOWN)})
    site.let_go(address_of(site, HELD))
    site.cable("attach")

    for name in (UNKNOWN, HELD, UNROUTED):
        eventually(lambda name=name: site.ready(name), f"{name} is Ready", FREE_WITHIN_SECONDS)
        machine = site.machine(name)
        assert machine["status"]["phase"] == "Running"
        assert machine["status"]["nodeRef"]["name"] == name
    assert site.condition(OF_MASTER, "Reserved")["status"] == "False", "the master's address is still the master's"


def test_a_line_added_to_the_user_data_speaks_in_the_console_log(site: Site) -> None:
    eventually(lambda: site.ready("motto"), "motto is Ready", seconds=60)

    console = site.run("openstack", "console", "log", "show", "motto")
    log = site.guest_file("motto", "var/log/cloud-init-output.log")

    assert MOTTO in console.splitlines()
    assert MOTTO in log.splitlines()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wrong-hash", "cluster CA found in cluster-info configmap is invalid: public key sha256:{hash} not pinned"),
        (
            "wrong-token",
            "failed to verify JWS signature of received cluster info object, can't trust this API Server",
        ),
    ],
)
def test_a_join_that_fails_is_told_in_kubeadms_words(site: Site, name: str, words: str) -> None:
    eventually(lambda: site.warnings(name), f"an Event of {name}", DIAGNOSED_WITHIN_SECONDS)
    reason = words.format(hash=site.ca_hash())
    expected = (
        "the boot failed at: run kubeadm: error execution phase preflight: "
        f"couldn't validate the identity of the API Server: {reason}"
    )
    machine = site.machine(name)

    assert machine["status"]["phase"] == "Failed"
    assert machine["status"]["errorMessage"] == expected
    assert "nodeRef" not in machine["status"]
    assert {type_: site.condition(name, type_)["message"] for type_ in ("BootstrapReady", "Ready")} == {
        "BootstrapReady": expected,
        "Ready": expected,
    }
    assert [(event["reason"], event["message"]) for event in site.warnings(name)] == [("BootstrapFailed", expected)]
    assert site.run("kubectl", "describe", "machine", name).count(expected) >= 3
    assert name not in site.nodes()


def test_a_machine_made_anew_from_a_mended_template_joins(site: Site) -> None:
    site.apply(user_data_secret("wrong-hash", site.template()))
    site.run("kubectl", "delete", "machine", "wrong-hash")
    site.apply(worker(site, "wrong-hash", user_data="wrong-hash"))

    eventually(lambda: site.ready("wrong-hash"), "the machine made anew is Ready", seconds=60)

    assert site.machine("wrong-hash")["status"]["phase"] == "Running"
    assert "errorMessage" not in site.machine("wrong-hash")["status"]


def test_the_machine_that_carries_the_controllers_refuses_to_go(site: Site) -> None:
    machine = site.kubectl("get", "machines", "-l", "set=master")["items"][0]
    name, server = machine["metadata"]["name"], machine["spec"]["providerID"].rpartition("/")[2]
    changes = site.changes_of_server(server)

    site.run("kubectl", "delete", "machine", name, "--wait=false")
    eventually(lambda: site.warnings(name), "an Event tells of the refusal", seconds=60)

    sentence = f"the controller that would delete this machine runs on it, on Node {name}; "
    told = site.condition(name, "Deleted")
    assert (told["status"], told["reason"]) == ("False", "HostsController")
    assert told["message"].startswith(sentence)
    assert [(event["reason"], event["message"]) for event in site.warnings(name)] == [
        ("DeletionRefused", told["message"])
    ]
    assert name in site.nodes()
    assert site.cloud().compute.get_server(server).status == "ACTIVE"
    assert site.changes_of_server(server) == changes
