"""What the provider does with each OpenStack service; one module a kind of thing."""
