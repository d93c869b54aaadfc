"""Recognition of pictures and films by what they show."""
