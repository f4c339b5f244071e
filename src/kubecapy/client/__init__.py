"""Typed asynchronous client of the Kubernetes API."""
