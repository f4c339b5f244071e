"""Serve what is more than reading and writing one stored object: logs, tokens, approvals, reviews."""

from kubecapy.apiserver.subresources.build import build

__all__ = ["build"]
