"""Registry of published pictures: tables, queries and originals."""
