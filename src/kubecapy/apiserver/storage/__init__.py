"""Keep objects: in memory for reads and watches, durable beneath where a file is given."""
