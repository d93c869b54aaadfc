"""Shared parts of the page: texts, templates, sessions, login check and downloads."""
