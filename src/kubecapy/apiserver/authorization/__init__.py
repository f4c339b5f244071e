"""Decide whether a sender may do what it asks for."""

from kubecapy.apiserver.authorization.authorizer import Authorizer

__all__ = ["Authorizer"]
