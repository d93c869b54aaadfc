"""Provenance in the file itself: keys, Content Credentials, metadata, visible label."""
