"""Thin faces of the product: command line, API, web page, worker."""
