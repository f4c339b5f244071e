"""Test kit: virtual time, an API in memory, and suites that the real parts pass too. Not used by product code."""
