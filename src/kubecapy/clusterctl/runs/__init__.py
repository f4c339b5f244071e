"""Carry a run of `create cluster` or `delete cluster`: its record, its waits, and what it tells the person."""
