"""HTTP layer of the API: middleware, authentication, errors, limits and shared state."""
