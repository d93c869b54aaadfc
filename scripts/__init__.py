"""Scripts that make the repository's own files: examples, pictures of the documentation and of the page."""
