"""Reconcilers of Cluster and Machine, and the link from Machines to Nodes."""
