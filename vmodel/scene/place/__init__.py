"""Places where a model stands: walls, floors and views drawn by code, seen by the camera of the shot."""
