"""The provider's side of the contract: the verbs for clusters and machines."""
