"""Read user data as cloud-init would, and do what it says inside a guest's folder."""
