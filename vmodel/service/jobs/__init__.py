"""Jobs: orders of pictures from submission to their outcome."""
