"""Is it good enough? The worn garment, and the picture of it, against what was asked for.

``worn`` looks at the cloth on the body before anything is painted, ``gate`` at what a pipeline painted of it.
"""
