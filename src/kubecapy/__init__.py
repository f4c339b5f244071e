"""Cluster API in Python: Kubernetes clusters declared as objects, made real on OpenStack."""

__version__ = "0.1.0"
