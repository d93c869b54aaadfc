"""Camera, G-buffer, condition maps and the draft renderer."""
