"""Tell clients what is served."""
