"""Say which servers both sides of `benchmarks.openstack` make: equal ones, or the comparison would be none."""

import base64
from typing import Final

FLAVOR: Final = "m1.small"
IMAGE: Final = "KVM-Ubt18.04-Srv-x64"
NETWORK: Final = "private"
USER_DATA_BASE64: Final = base64.b64encode(b"#cloud-config\n" + b"# what a worker boots from\n" * 250).decode()
"""As long as that of a worker out of the built-in template, which is about 7 KB."""
