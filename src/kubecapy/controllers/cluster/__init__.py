"""The Cluster reconciler: what the machines of a cluster share."""
