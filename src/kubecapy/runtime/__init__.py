"""Controller runtime: informers, queues and workers, without knowledge of any kind."""
