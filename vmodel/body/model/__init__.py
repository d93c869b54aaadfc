"""Virtual models: roster, new models, and the body of each in any pose."""
