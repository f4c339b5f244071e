"""Answer HTTP requests: read the request, do the operation, write the reply."""
