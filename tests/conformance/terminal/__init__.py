"""Type kubectl into a terminal and compare, word for word, what a person sees."""

from tests.conformance.terminal.session import Terminal

__all__ = ["Terminal"]
