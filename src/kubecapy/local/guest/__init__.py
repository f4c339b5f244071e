"""Simulate what happens inside a server once it runs: cloud-init, kubeadm and a kubelet, as a stranger to our code."""
