"""Published models at their smallest, with random weights."""
