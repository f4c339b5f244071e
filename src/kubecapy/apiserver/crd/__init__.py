"""Serve kinds that CustomResourceDefinitions describe."""
