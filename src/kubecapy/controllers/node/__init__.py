"""The Node link: which Node runs on a Machine, and how it is."""
