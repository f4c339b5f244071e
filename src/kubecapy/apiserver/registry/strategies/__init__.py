"""Keep the write rules of the built-in kinds: what is completed and what is refused."""
