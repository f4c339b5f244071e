"""Read and check what a cluster is made from, before anything is made."""
