"""Values that the page's templates show, as text."""
