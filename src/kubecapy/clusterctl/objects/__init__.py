"""Read and change objects of a server, as a small kubectl: by file, by kind and by name."""
