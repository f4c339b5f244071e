"""Bootstrap data for hosts: certificates, tokens, kubeadm configuration and user data; text in, text out."""
