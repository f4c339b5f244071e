"""Do in small what kube-controller-manager and kube-scheduler do: only what a cluster of simulated guests needs."""
