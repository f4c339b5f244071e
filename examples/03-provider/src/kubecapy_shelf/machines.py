"""Carry out the contract's verbs for machines: a slot first, then a box on it."""

from kubecapy.api.cluster.v1alpha1 import Machine, NodeAddress
from kubecapy.apimachinery.meta import key_of
from kubecapy.contract.actuators import Deletion, Instance, InstanceState, MachineRequest, Reservation
from kubecapy.contract.errors import Conflict, InvalidConfiguration, NotFound, NotReady
from kubecapy.telemetry.secrets import Secret
from kubecapy_shelf.client import ShelfClient
from kubecapy_shelf.marks import CLUSTER, MACHINE, mark_of
from kubecapy_shelf.shelf import Box, Slot, Wish
from kubecapy_shelf.spec import errors_in, image_of

STATES: dict[str, InstanceState] = {
    "booting": "Pending",
    "running": "Running",
    "broken": "Failed",
    "removing": "Deleting",
}


class ShelfMachineActuator:
    """Makes machines; see `kubecapy.contract.actuators.MachineActuator` for what each verb promises."""

    def __init__(self, client: ShelfClient) -> None:
        """Act through `client`."""
        self._client = client

    async def ensure_reservation(self, request: MachineRequest) -> Reservation:
        """Find or take a slot."""
        machine, cluster = request.machine, request.cluster
        _check(machine)
        if cluster is None:
            raise NotReady(f"{_who(machine)} has no Cluster", retry_after_seconds=10.0)
        slot = await self._find_slot(machine)
        if slot is None:
            await self._check_image(machine)
            labels = {CLUSTER: mark_of(cluster), MACHINE: mark_of(machine)}
            slot = await self._client.take_slot(f"taking a slot for {_who(machine)}", labels)
        return Reservation(
            addresses=_addresses(slot),
            hostname=machine.metadata.name,
            kubelet_arguments={"provider-id": "shelf:///{{ v1.instance_id }}"},
            provider_status={"slot": slot.id},
        )

    async def ensure_instance(self, request: MachineRequest, bootstrap_data: Secret[bytes]) -> Instance:
        """Find or make the box on the slot."""
        machine = request.machine
        slot = await self._find_slot(machine)
        if slot is None:
            raise NotReady(f"the slot of {_who(machine)} is not there, or no more", retry_after_seconds=1.0)
        box = await self._find_box(machine)
        if box is None:
            wish = Wish(machine.metadata.name, image_of(machine), slot.id, slot.labels, bootstrap_data.reveal())
            box = await self._client.make_box(f"making a box for {_who(machine)}", wish)
        return _instance(box, slot)

    async def observe_instance(self, request: MachineRequest) -> Instance | None:
        """Look at the box."""
        box = await self._find_box(request.machine)
        return _instance(box, await self._find_slot(request.machine)) if box else None

    async def delete(self, request: MachineRequest) -> Deletion:
        """Remove the box, then the slot."""
        machine = request.machine
        boxes = await self._client.boxes(f"looking for the box of {_who(machine)}", MACHINE, mark_of(machine))
        for box in boxes:
            await self._client.remove_box(f"removing box {box.id} of {_who(machine)}", box)
        if boxes:
            names = ", ".join(f"box {box.id}" for box in boxes)
            return Deletion(gone=False, waiting_for=names, retry_after_seconds=1.0)
        for slot in await self._client.slots(f"looking for the slot of {_who(machine)}", MACHINE, mark_of(machine)):
            await self._client.free_slot(f"freeing slot {slot.id} of {_who(machine)}", slot)
        return Deletion(gone=True)

    async def read_console(self, request: MachineRequest, lines: int) -> str:
        """Return the end of what the box shows."""
        box = await self._find_box(request.machine)
        if box is None:
            return ""
        text = await self._client.screen(f"reading the screen of {_who(request.machine)}", box)
        return "\n".join(text.splitlines()[-lines:])

    async def _find_slot(self, machine: Machine) -> Slot | None:
        slots = await self._client.slots(f"looking for the slot of {_who(machine)}", MACHINE, mark_of(machine))
        if len(slots) > 1:
            raise Conflict(f"{_who(machine)} has {len(slots)} slots: {', '.join(slot.id for slot in slots)}")
        return slots[0] if slots else None

    async def _find_box(self, machine: Machine) -> Box | None:
        boxes = await self._client.boxes(f"looking for the box of {_who(machine)}", MACHINE, mark_of(machine))
        if len(boxes) > 1:
            raise Conflict(f"{_who(machine)} has {len(boxes)} boxes: {', '.join(box.id for box in boxes)}")
        return boxes[0] if boxes else None

    async def _check_image(self, machine: Machine) -> None:
        image = image_of(machine)
        if image not in await self._client.images(f"looking for the image of {_who(machine)}"):
            raise NotFound(f"there is no image {image} on the shelf, which {_who(machine)} names")


def _check(machine: Machine) -> None:
    errors = errors_in("Machine", machine.spec.provider_spec.value)
    if errors:
        raise InvalidConfiguration("; ".join(str(error) for error in errors))


def _instance(box: Box, slot: Slot | None) -> Instance:
    return Instance(
        provider_id=f"shelf:///{box.id}",
        state=STATES[box.state],
        addresses=_addresses(slot) if slot else (),
        fault=box.why,
        provider_status={"slot": box.slot, "box": box.id},
    )


def _addresses(slot: Slot) -> tuple[NodeAddress, ...]:
    return (NodeAddress(type="InternalIP", address=slot.address),)


def _who(machine: Machine) -> str:
    return f"Machine {key_of(machine)}"
