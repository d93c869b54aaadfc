"""REST API under ``/v1``, a thin layer over ``vmodel.service``."""
