"""The group `cluster.k8s.io`."""
