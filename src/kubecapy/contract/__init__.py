"""The provider contract: what a cloud must be able to do, and what tools may ask of a provider."""
