"""Move a cluster's objects from one management cluster to another without two controllers ever acting on it."""
