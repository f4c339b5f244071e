"""Decode cloud-config: the keys that guests act on, those that are valid but change nothing here, and the others.

Source: https://cloudinit.readthedocs.io/en/22.4.2/topics/modules.html.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

ACTED_ON = frozenset({
    "apt", "bootcmd", "fqdn", "hostname", "manage_etc_hosts", "package_update", "package_upgrade", "packages",
    "preserve_hostname", "runcmd", "ssh_authorized_keys", "write_files", "yum_repos",
})  # fmt: skip
WITHOUT_EFFECT = frozenset({
    "apt_pipelining", "byobu_by_default", "ca-certs", "ca_certs", "chpasswd", "cloud_config_modules",
    "cloud_final_modules", "cloud_init_modules", "create_hostname_file", "datasource", "disable_ec2_metadata",
    "disable_root", "disk_setup", "final_message", "fs_setup", "groups", "growpart", "keyboard", "locale", "merge_how",
    "merge_type", "mount_default_fields", "mounts", "network", "no_ssh_fingerprints", "ntp", "output",
    "package_reboot_if_required", "password", "phone_home", "power_state", "prefer_fqdn_over_hostname", "random_seed",
    "resize_rootfs", "resolv_conf", "rsyslog", "snap", "ssh", "ssh_deletekeys", "ssh_genkeytypes", "ssh_import_id",
    "ssh_keys", "ssh_pwauth", "ssh_quiet_keygen", "swap", "syslog_fix_perms", "timezone", "ubuntu_advantage",
    "updates", "user", "users", "vendor_data", "version", "wireguard", "zypper",
})  # fmt: skip


class BrokenConfig(Exception):
    """User data that is no cloud-config; the message holds none of its values."""


class CloudConfig(msgspec.Struct, frozen=True):
    """A decoded cloud-config."""

    values: Mapping[str, Any]
    """The keys that are acted on; Any: as YAML has them."""
    without_effect: tuple[str, ...]
    """Valid keys that change nothing in a guest."""
    unknown: tuple[str, ...]
    """Keys that cloud-init does not know."""


def decode_config(text: str) -> CloudConfig:
    """Return the cloud-config that `text` says, read by PyYAML's safe loader as cloud-init reads it.

    Raises:
        BrokenConfig: it is no YAML, or no mapping at its top.
    """
    try:
        loaded = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" at line {mark.line + 1} column {mark.column + 1}" if mark else ""
        raise BrokenConfig(f'Failed loading yaml blob. Invalid format{place}: "{error.problem}"') from error
    except yaml.YAMLError as error:
        raise BrokenConfig("Failed loading yaml blob. Invalid format") from error
    if loaded is None:
        loaded = {}
    if not isinstance(loaded, dict):
        kind = type(loaded).__name__
        raise BrokenConfig(f"Failed loading yaml blob. Yaml load allows ('dict',) root types, but got {kind} instead")
    names = [str(name) for name in loaded]
    return CloudConfig(
        {str(name): value for name, value in loaded.items() if name in ACTED_ON},
        tuple(name for name in names if name in WITHOUT_EFFECT),
        tuple(name for name in names if name not in ACTED_ON | WITHOUT_EFFECT),
    )
