"""The Machine reconciler: one server that becomes a Node."""
