"""Do what follows from writes: collect garbage, empty namespaces and definitions, forget old events."""
