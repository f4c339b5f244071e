"""Say of manifests what is wrong with them, without asking any server."""
