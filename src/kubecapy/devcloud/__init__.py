"""A simulated OpenStack: Keystone, Nova, Neutron, Glance, Cinder over https, with faults and a ledger of calls."""
