"""Structural schemas of custom resources: validation, defaults, pruning and rules."""

from kubecapy.apimachinery.schema.schema import Schema, SchemaError, compile_schema

__all__ = ["Schema", "SchemaError", "compile_schema"]
