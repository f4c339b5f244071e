"""Decide how the next servers boot, where somebody has given an order."""

import re
from typing import Literal

import msgspec


class BootOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens to the next `times` servers whose name fits; `None` is for ever.

    Attributes:
        outcome: `error` ends in ERROR with `message`; `stuck` stays in BUILD; `boot` goes well.
        message: The fault, as its owner will read it; `{id}` stands for the server's id.
        name: Regular expression found anywhere in the server's name.
        times: How many servers.
    """

    outcome: Literal["error", "stuck", "boot"]
    message: str = "Build of instance {id} aborted: the hypervisor failed."
    name: str = ""
    times: int | None = 1

    def __post_init__(self) -> None:
        """Check the name and the count.

        Raises:
            ValueError: the name is no regular expression, or the count is below 1.
        """
        try:
            re.compile(self.name)
        except re.error as error:
            raise ValueError(f"name is no regular expression: {error}") from error
        if self.times is not None and self.times < 1:
            raise ValueError(f"times is {self.times}, expected 1 or more, or null for every server from now on")


class BootOrders:
    """Holds the orders, oldest first; the first that fits a server is used up by it."""

    def __init__(self) -> None:
        """Start without orders: every server boots."""
        self._orders: list[BootOrder] = []

    def give(self, order: BootOrder) -> None:
        """Add an order after those that are there."""
        self._orders.append(order)

    def clear(self) -> None:
        """Drop every order."""
        self._orders.clear()

    def take(self, name: str) -> BootOrder | None:
        """Return the order for a new server, counted down; `None` where there is none."""
        for index, order in enumerate(self._orders):
            if not re.search(order.name, name):
                continue
            if order.times == 1:
                del self._orders[index]
            elif order.times is not None:
                self._orders[index] = msgspec.structs.replace(order, times=order.times - 1)
            return order
        return None
