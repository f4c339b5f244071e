"""The state of the cloud as frozen resources, with the rules that cross services."""
