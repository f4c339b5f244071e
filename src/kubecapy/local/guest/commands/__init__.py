"""The commands that a guest's shell knows: a closed table, each working on the guest's files alone."""
