"""The command line: generate manifests, create, look at and delete clusters."""
