"""Quality checks: the worn garment, and the picture of it, against what was asked for.

``wear`` judges the cloth on the body before anything is painted, ``gate`` what a pipeline painted of it.
"""
