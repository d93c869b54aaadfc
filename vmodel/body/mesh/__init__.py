"""The body's mesh: parametric model, anatomical chart, measures, keypoints, subdivision."""
