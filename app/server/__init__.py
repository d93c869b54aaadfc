"""Processes of the service: API and page, and their workers."""
