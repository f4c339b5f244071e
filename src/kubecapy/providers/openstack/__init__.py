"""The OpenStack provider: machines as Nova servers on Neutron ports."""
