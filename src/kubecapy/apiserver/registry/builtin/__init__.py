"""List the built-in kinds as tables of data."""
