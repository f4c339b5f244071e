"""The OpenStack provider as its entry point offers it."""

from kubecapy.providers.openstack.plugin.entry import OpenStackPlugin

__all__ = ["OpenStackPlugin"]
