"""Kinds as pure data; one package per API group, CRDs are generated from these types."""
