"""Name why bootstrap data cannot be rendered, by who must change what.

BootstrapError
├── InvalidWish       a field of the Cluster or Machine cannot be rendered; a human must change the spec
└── InvalidTemplate   the user-data template is wrong or too big; a human must change the Secret
"""


class BootstrapError(Exception):
    """Bootstrap data cannot be rendered; the message names the field or the template's line, and holds no secret."""


class InvalidWish(BootstrapError):
    """A field of the Cluster or Machine cannot be rendered; waits for a change of the spec."""


class InvalidTemplate(BootstrapError):
    """The user-data template is wrong or its result too big; look again, the Secret may be mended."""
