"""Measure the embedded API server beside kube-apiserver, and the controller runtime on its own."""
