"""Routes of the API, one module per resource; those about rights are in ``app.api.rights``."""
