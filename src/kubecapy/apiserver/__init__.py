"""An embedded, Kubernetes-compatible API server for bootstrap, development and tests."""
