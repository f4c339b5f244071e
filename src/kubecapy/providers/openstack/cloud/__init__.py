"""The way to a cloud: credentials, transport and the calls' common form."""
