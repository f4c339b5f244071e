"""A small POSIX-like shell in Python: it runs a guest's scripts and never touches the machine itself."""
