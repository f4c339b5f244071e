"""Long-running processes, each put together on one page."""
