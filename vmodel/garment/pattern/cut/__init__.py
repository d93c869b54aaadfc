"""Cut of a block with the sizes that the photo shows."""
