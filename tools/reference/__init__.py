"""Make the reference pages out of the code; one module a page."""
