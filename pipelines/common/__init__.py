"""Code shared by all pipelines: preparation of pictures for networks, batches, and observation."""
