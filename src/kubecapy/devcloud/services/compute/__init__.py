"""Nova v2.1, microversions 2.1 to 2.96: flavors, key pairs, servers with their actions, interfaces, tags, quotas."""
