"""Vector drawings: untrusted SVG, technical flats, and curves as polylines."""
