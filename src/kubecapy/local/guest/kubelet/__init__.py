"""Act as a kubelet: register a Node, keep it alive, run pods as processes and serve their logs."""
