"""Act as kubeadm does on a guest: init and join, from its configuration documents to its words on the console."""
