"""Thin entry points of the product: command line, API, web page, worker."""
