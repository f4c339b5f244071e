"""Providers: plugins that are found by packaging entry point and imported by nobody."""
