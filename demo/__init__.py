"""Tell the article's story from nothing: a cloud, a cluster, a worker less, a worker more, and nothing left."""
