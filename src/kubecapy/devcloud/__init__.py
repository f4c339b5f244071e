"""A simulated OpenStack: Keystone v3, Nova, Neutron and Glance over https, with faults and a ledger of every call."""
