"""Logs, and the type that keeps secrets out of them."""
