"""Keystone v3: versions, authentication, catalog, and reading of projects, users, domains, roles."""
