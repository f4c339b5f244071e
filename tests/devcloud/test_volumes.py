"""Cinder, and what Nova does with its volumes."""

from typing import Any

import pytest
from tests.devcloud.core_client import IMAGE_ID, CoreClient, Reply

from kubecapy.devcloud import seed
from kubecapy.devcloud.world.volumes import get_volume, put_volume_in_error

FAST = seed.VOLUME_TYPES[1]


def cinder(client: CoreClient, method: str, url: str, body: Any = None) -> Reply:
    return client.call(method, f"/volume/v3/{url}", body)


def make_volume(client: CoreClient, size: int = 1, **values: Any) -> Any:
    reply = cinder(client, "POST", "volumes", {"volume": {"size": size, **values}})
    assert reply.status == 202, reply.json
    return reply.json["volume"]


def volumes(client: CoreClient) -> dict[str, str]:
    listed = client.get("/volume/v3/volumes/detail")["volumes"]
    return {volume["id"]: volume["status"] for volume in listed}


def root(size: int | None = 10, **values: Any) -> dict[str, Any]:
    mapping = {"boot_index": 0, "uuid": IMAGE_ID, "source_type": "image", "destination_type": "volume", **values}
    return mapping if size is None else {**mapping, "volume_size": size}


def test_a_volume_is_made_in_time_and_shown_and_removed(client: CoreClient) -> None:
    made = make_volume(client, 3, name="data", volume_type="fast", metadata={"a": "b"}, availability_zone="az2")
    client.wait(0.5)
    shown = client.get(f"/volume/v3/volumes/{made['id']}")["volume"]

    assert (made["status"], shown["status"]) == ("creating", "available")
    assert (shown["size"], shown["volume_type"], shown["availability_zone"]) == (3, "fast", "az2")
    assert (shown["bootable"], shown["attachments"], shown["metadata"]) == ("false", [], {"a": "b"})
    assert [item["name"] for item in client.get("/volume/v3/volumes?name=data")["volumes"]] == ["data"]
    assert client.get("/volume/v3/volumes?name=other")["volumes"] == []
    assert cinder(client, "DELETE", f"volumes/{made['id']}").status == 202
    assert volumes(client) == {made["id"]: "deleting"}
    client.wait(0.5)
    gone = cinder(client, "GET", f"volumes/{made['id']}")
    assert (gone.status, gone.json["itemNotFound"]["message"]) == (404, f"Volume {made['id']} could not be found.")


@pytest.mark.parametrize(
    ("wish", "status", "message"),
    [
        ({}, 400, "Invalid input received: Volume size 'None' must be an integer and greater than 0"),
        ({"size": 0}, 400, "Invalid input received: Volume size '0' must be an integer and greater than 0"),
        ({"size": 1, "volume_type": "slow"}, 404, "Volume type with name slow could not be found."),
        ({"size": 1, "availability_zone": "mars"}, 400, "Availability zone 'mars' is invalid."),
        ({"size": 1, "imageRef": "no"}, 400, "Invalid image identifier or unable to access requested image."),
        ({"size": 1, "snapshot_id": "no"}, 404, "Snapshot no could not be found."),
        ({"size": 1, "colour": "red"}, 400, "('colour' was unexpected)"),
    ],
)
def test_a_malformed_volume_is_refused(client: CoreClient, wish: dict[str, Any], status: int, message: str) -> None:
    reply = cinder(client, "POST", "volumes", {"volume": wish})

    assert reply.status == status
    assert message in reply.message


def test_used_up_quotas_answer_413_in_cinders_words(client: CoreClient, admin: CoreClient) -> None:
    limits = {"quota_set": {"volumes": 2, "gigabytes": 10}}
    assert cinder(admin, "PUT", f"os-quota-sets/{seed.PROJECT.id}", limits).status == 200
    make_volume(client, 6)

    size = cinder(client, "POST", "volumes", {"volume": {"size": 5}})
    make_volume(client, 1)
    number = cinder(client, "POST", "volumes", {"volume": {"size": 1}})

    assert (size.status, size.headers["retry-after"], size.json["overLimit"]["retryAfter"]) == (413, "0", "0")
    assert size.message == (
        "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested 5G, "
        "quota is 10G and 6G has been consumed."
    )
    assert number.message == (
        "VolumeLimitExceeded: Maximum number of volumes allowed (2) exceeded for quota 'volumes'."
    )
    absolute = client.get("/volume/v3/limits")["limits"]["absolute"]
    assert (absolute["maxTotalVolumes"], absolute["totalVolumesUsed"], absolute["totalGigabytesUsed"]) == (2, 2, 7)


def test_a_server_boots_from_a_volume_that_goes_with_it_and_leaves_its_owners_volumes(client: CoreClient) -> None:
    kept = make_volume(client, name="data")["id"]
    client.wait(1)
    mappings = [
        root(delete_on_termination=True, volume_type=FAST.name),
        {"uuid": kept, "source_type": "volume", "destination_type": "volume", "delete_on_termination": False},
        {"source_type": "blank", "destination_type": "volume", "volume_size": 2},
    ]
    server = client.make_server(imageRef="", block_device_mapping_v2=mappings)["id"]
    client.wait(2.4)
    building = client.server(server)["status"]
    client.wait(0.1)
    shown = client.server(server)

    assert (building, shown["status"], shown["image"]) == ("BUILD", "ACTIVE", "")
    attached = shown["os-extended-volumes:volumes_attached"]
    assert [item["delete_on_termination"] for item in attached] == [True, False, False]
    made, blank = attached[0]["id"], attached[2]["id"]
    boot = client.get(f"/volume/v3/volumes/{made}")["volume"]
    assert (boot["status"], boot["bootable"], boot["volume_type"], boot["size"]) == ("in-use", "true", "fast", 10)
    assert [(item["server_id"], item["device"]) for item in boot["attachments"]] == [(server, "/dev/vda")]
    assert client.get(f"/volume/v3/volumes/{blank}")["volume"]["name"] == f"{server}-blank-vol"
    assert set(volumes(client).values()) == {"in-use"}

    client.compute("DELETE", f"servers/{server}")
    client.wait(2)

    assert volumes(client) == {kept: "available", blank: "available"}


def test_attachments_are_shown_made_and_undone(client: CoreClient) -> None:
    volume = make_volume(client)["id"]
    server = client.make_server(networks="none")["id"]
    client.wait(3)
    path = f"servers/{server}/os-volume_attachments"

    made = client.compute("POST", path, {"volumeAttachment": {"volumeId": volume}})
    again = client.compute("POST", path, {"volumeAttachment": {"volumeId": volume}})
    shown = client.get(f"/compute/v2.1/{path}")["volumeAttachments"]
    busy = cinder(client, "DELETE", f"volumes/{volume}")

    assert (made.status, made.json["volumeAttachment"]["device"]) == (200, "/dev/vdb")
    assert again.message == f"Invalid volume: volume {volume} is already attached to instances: {server}"
    assert [(item["volumeId"], item["device"]) for item in shown] == [(volume, "/dev/vdb")]
    assert "bdm_uuid" in shown[0]
    assert busy.message.startswith("Invalid volume: Volume status must be available or error")
    assert client.compute("DELETE", f"{path}/{volume}").status == 202
    assert volumes(client) == {volume: "available"}
    assert client.compute("DELETE", f"{path}/{volume}").message == (
        f"Instance {server} is not attached to volume {volume}"
    )


def test_the_root_volume_cannot_be_detached(client: CoreClient) -> None:
    server = client.make_server(imageRef=None, block_device_mapping_v2=[root()])["id"]
    client.wait(3)
    volume = client.server(server)["os-extended-volumes:volumes_attached"][0]["id"]

    reply = client.compute("DELETE", f"servers/{server}/os-volume_attachments/{volume}")

    assert (reply.status, reply.message) == (403, "Cannot detach a root device volume")


@pytest.mark.parametrize(
    ("mappings", "image", "message"),
    [
        ([], None, "Missing imageRef attribute"),
        ([root(None)], None, "Images with destination_type 'volume' need to have a non-zero size specified"),
        ([root(boot_index=1)], None, "Block Device Mapping is Invalid: Boot sequence for the instance"),
        ([root(uuid="no")], None, "Block Device Mapping is Invalid: failed to get image no."),
        ([root(volume_type="slow")], None, "Volume type slow could not be found."),
        ([root(colour=1)], None, "('colour' was unexpected)"),
        ([{**root(), "source_type": "volume", "uuid": "no"}], None, "failed to get volume no."),
        ([{**root(), "source_type": "snapshot", "uuid": "no"}], None, "failed to get snapshot no."),
        ([{**root(), "destination_type": "local"}], None, "Mapping image to local is not supported."),
        ([{"source_type": "blank", "destination_type": "volume", "boot_index": 0}], None, "Blank volumes (source"),
        ([{**root(), "source_type": "blank"}], None, "Invalid device UUID."),
        ([{"source_type": "image", "destination_type": "volume"}], None, "Missing device UUID."),
        ([root(source_type="disk")], None, "'disk' is not one of"),
        (
            [
                {**root(None), "destination_type": "local"},
                {"source_type": "blank", "destination_type": "local", "volume_size": 5},
            ],
            IMAGE_ID,
            "Ephemeral disks requested are larger than the instance type allows.",
        ),
        (
            [{"source_type": "blank", "destination_type": "volume", "volume_size": 5}],
            IMAGE_ID,
            "Boot sequence for the instance",
        ),
    ],
)
def test_a_malformed_mapping_is_refused_and_leaves_nothing(
    client: CoreClient, mappings: list[Any], image: str | None, message: str
) -> None:
    reply = client.try_server(imageRef=image, block_device_mapping_v2=mappings)

    assert reply.status == 400
    assert message in reply.message
    assert volumes(client) == {}


def test_an_image_on_the_servers_own_disk_with_a_data_volume_boots(client: CoreClient) -> None:
    mappings = [
        {**root(None), "destination_type": "local"},
        {"source_type": "blank", "destination_type": "volume", "volume_size": 5, "delete_on_termination": True},
    ]
    server = client.make_server(block_device_mapping_v2=mappings)["id"]
    client.wait(3)

    shown = client.server(server)

    assert shown["image"]["id"] == IMAGE_ID
    volume = shown["os-extended-volumes:volumes_attached"][0]["id"]
    assert client.get(f"/volume/v3/volumes/{volume}")["volume"]["attachments"][0]["device"] == "/dev/vdb"


def test_a_volume_in_use_cannot_be_given_to_a_second_server(client: CoreClient) -> None:
    volume = make_volume(client, imageRef=IMAGE_ID)["id"]
    client.wait(1)
    mapping = {**root(None), "source_type": "volume", "uuid": volume}
    client.make_server(imageRef=None, block_device_mapping_v2=[mapping])
    ports = len(client.get("/networking/v2.0/ports")["ports"])

    reply = client.try_server(imageRef=None, block_device_mapping_v2=[mapping])

    assert reply.status == 400
    assert f"Volume {volume} status must be available or downloading to reserve" in reply.message
    assert len(client.get("/networking/v2.0/ports")["ports"]) == ports


def test_used_up_volumes_end_the_boot_with_cinders_words_in_novas_fault(client: CoreClient, admin: CoreClient) -> None:
    cinder(admin, "PUT", f"os-quota-sets/{seed.PROJECT.id}", {"quota_set": {"volumes": 1}})
    mappings = [root(delete_on_termination=True), {**root(delete_on_termination=True), "boot_index": 1}]
    server = client.make_server(imageRef=None, block_device_mapping_v2=mappings)["id"]
    client.wait(5)

    assert client.server(server)["fault"]["message"] == (
        f"Build of instance {server} aborted: VolumeLimitExceeded: Maximum number of volumes allowed (1) exceeded for "
        "quota 'volumes'."
    )
    assert volumes(client) == {}


def test_a_volume_that_fails_ends_the_boot(client: CoreClient) -> None:
    server = client.make_server(imageRef=None, block_device_mapping_v2=[root(delete_on_termination=True)])["id"]
    volume = client.server(server)["os-extended-volumes:volumes_attached"][0]["id"]
    world = client.cloud.world
    put_volume_in_error(world, get_volume(world, volume), client.now)
    client.wait(5)

    fault = client.server(server)["fault"]["message"]

    assert fault.startswith(f"Build of instance {server} aborted: Volume {volume} did not finish being created")
    assert fault.endswith("And its status is error.")
    client.wait(1)
    assert volumes(client) == {}


def test_a_server_that_never_got_a_host_keeps_its_volume_reserved_until_it_is_deleted(client: CoreClient) -> None:
    volume = make_volume(client, imageRef=IMAGE_ID)["id"]
    client.wait(1)
    client.cloud.world.capacity = type(client.cloud.world.capacity)(vcpus=0)
    mapping = {**root(None), "source_type": "volume", "uuid": volume}
    server = client.make_server(imageRef=None, block_device_mapping_v2=[mapping])["id"]
    client.wait(1)

    assert client.server(server)["status"] == "ERROR"
    assert volumes(client) == {volume: "reserved"}
    client.compute("DELETE", f"servers/{server}")
    client.wait(1)
    assert volumes(client) == {volume: "available"}


def test_a_server_boots_from_a_snapshot_and_a_volume_with_snapshots_stays(client: CoreClient) -> None:
    volume = make_volume(client, imageRef=IMAGE_ID)["id"]
    client.wait(1)
    reply = cinder(client, "POST", "snapshots", {"snapshot": {"volume_id": volume, "name": "s"}})
    snapshot = reply.json["snapshot"]["id"]
    client.wait(1)
    mapping = {**root(None), "source_type": "snapshot", "uuid": snapshot}
    server = client.make_server(imageRef=None, block_device_mapping_v2=[mapping])["id"]
    client.wait(3)

    assert client.server(server)["status"] == "ACTIVE"
    assert cinder(client, "DELETE", f"volumes/{volume}").status == 400
    assert cinder(client, "DELETE", f"snapshots/{snapshot}").status == 202
    client.wait(1)
    assert cinder(client, "DELETE", f"volumes/{volume}").status == 202


def test_volume_types_are_found_by_id_and_the_default_by_its_name(client: CoreClient) -> None:
    types = client.get("/volume/v3/types")["volume_types"]

    assert [item["name"] for item in types] == ["__DEFAULT__", "fast"]
    assert client.get("/volume/v3/types/default")["volume_type"]["name"] == "__DEFAULT__"
    assert client.get(f"/volume/v3/types/{FAST.id}")["volume_type"]["name"] == "fast"
    assert cinder(client, "GET", "types/fast").status == 404


def test_cinder_tells_its_versions_and_refuses_those_it_does_not_have(client: CoreClient) -> None:
    versions = client.get("/volume/v3")["versions"][0]
    named = client.call("GET", "/volume/v3/volumes", openstack_api_version="volume 3.60")
    refused = client.call("GET", "/volume/v3/volumes", openstack_api_version="volume 3.99")

    assert (versions["min_version"], versions["version"]) == ("3.0", "3.71")
    assert named.headers["openstack-api-version"] == "volume 3.60"
    assert refused.status == 406


def test_another_projects_volume_does_not_exist_for_a_member(client: CoreClient, admin: CoreClient) -> None:
    volume = make_volume(admin)["id"]

    assert cinder(client, "GET", f"volumes/{volume}").status == 404
    assert volumes(client) == {}
    assert [item["id"] for item in admin.get("/volume/v3/volumes?all_tenants=1")["volumes"]] == [volume]


def test_metadata_of_volumes_is_kept_and_pages_are_linked(client: CoreClient) -> None:
    first, second = make_volume(client, name="a")["id"], make_volume(client, name="b")["id"]
    cinder(client, "POST", f"volumes/{first}/metadata", {"metadata": {"k": "v"}})
    cinder(client, "PUT", f"volumes/{first}", {"volume": {"name": "renamed", "description": "text"}})

    shown = client.get(f"/volume/v3/volumes/{first}")["volume"]
    page = client.get("/volume/v3/volumes?limit=1")
    rest = client.get(page["volumes_links"][0]["href"])

    assert (shown["metadata"], shown["name"], shown["description"]) == ({"k": "v"}, "renamed", "text")
    assert [item["id"] for item in (*page["volumes"], *rest["volumes"])] == [second, first]
    assert cinder(client, "DELETE", f"volumes/{first}/metadata/k").status == 200
    assert client.get(f"/volume/v3/volumes/{first}/metadata") == {"metadata": {}}
