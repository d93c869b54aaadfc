"""Parts of the benchmark of real photos."""
