"""An example of a provider: machines are boxes on a shelf that is in memory."""
