"""Find out who sends a request."""

from kubecapy.apiserver.authentication.authenticator import Authenticator

__all__ = ["Authenticator"]
