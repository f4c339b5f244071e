"""Certificates and keys of one API server: made once, kept in a folder, reused while they are valid."""

from kubecapy.apiserver.pki.local import LocalPki, make_local_pki

__all__ = ["LocalPki", "make_local_pki"]
