"""Publish the schemas of served kinds as OpenAPI v3."""
