"""Say which columns kubectl shows for the built-in kinds; sources: k8s.io/kubernetes pkg/printers/internalversion."""
