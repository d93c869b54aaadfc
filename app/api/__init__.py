"""The REST API: a thin face over ``vmodel.service``, under ``/v1``."""
