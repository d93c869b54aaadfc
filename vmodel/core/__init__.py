"""Ground of the library: files, colours, database, threads, caches and the manifest of weights."""
