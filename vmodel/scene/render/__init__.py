"""Pictures of a scene: draft, traced light, condition maps and background."""
