"""Migrations of the database's tables, in order; ``vmodel.core.database`` applies them."""
