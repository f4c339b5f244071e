"""Make ids, tokens and hardware addresses out of an injected source of chance."""

import base64
import uuid
from random import Random


class Identifiers:
    """Draws every random name of the cloud; a seeded source makes the same cloud again."""

    def __init__(self, random: Random) -> None:
        """Draw from `random`; give a `random.SystemRandom` wherever tokens and passwords guard anything."""
        self._random = random

    def uuid(self) -> str:
        """Return a new version 4 UUID with dashes, as Nova, Neutron and Glance use them."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def hex_id(self) -> str:
        """Return a new id of 32 hexadecimal digits, as Keystone uses them."""
        return f"{self._random.getrandbits(128):032x}"

    def token(self) -> str:
        """Return a new opaque token of 182 URL-safe characters; the shape is that of a Fernet token."""
        return "gAAAAA" + base64.urlsafe_b64encode(self._random.randbytes(132)).decode()

    def password(self) -> str:
        """Return a new password of 24 URL-safe characters (144 bits)."""
        return base64.urlsafe_b64encode(self._random.randbytes(18)).decode()

    def mac_address(self) -> str:
        """Return a new hardware address with Neutron's default prefix fa:16:3e."""
        tail = self._random.getrandbits(24)
        return f"fa:16:3e:{tail >> 16:02x}:{tail >> 8 & 255:02x}:{tail & 255:02x}"

    def reservation(self) -> str:
        """Return a new reservation id as Nova writes them, `r-` with eight characters."""
        return "r-" + "".join(self._random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=8))

    def fraction(self) -> float:
        """Return a number from 0 up to, not including, 1: the jitter of delays."""
        return self._random.random()
