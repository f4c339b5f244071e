"""The provider's own kinds: providerSpec of clusters and machines, and the record in providerStatus."""
