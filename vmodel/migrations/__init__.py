"""Migrations of the database's tables, in order; ``vmodel.database`` applies them."""
