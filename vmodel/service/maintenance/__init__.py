"""Deletion of expired data, and backups."""
