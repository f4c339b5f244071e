"""Know the kinds that the server serves, and the rules by which each of them is written."""
