"""Point at a Secret and a cloud inside it."""

import msgspec


class SecretReference(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Names a Secret; an empty namespace means that of the referring object."""

    name: str = ""
    namespace: str = ""


class SecretKeyReference(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Names one entry of a Secret; an empty namespace means that of the referring object."""

    name: str = ""
    namespace: str = ""
    key: str = "ssh-publickey"
    """The entry; the default is that of Secrets which hold both keys of a pair."""


class CloudReference(msgspec.Struct, frozen=True, kw_only=True):
    """Says whose credentials an object is made with.

    Without a Secret it means the file and cloud that the process environment names.
    """

    secret: SecretReference | None = None
    cloud: str = ""
