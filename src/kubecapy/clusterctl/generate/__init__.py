"""Make the folder of manifests that a cluster starts from."""
