"""Storage of sellers' files."""
