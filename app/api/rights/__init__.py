"""Routes about rights: public verification, reviews and models."""
