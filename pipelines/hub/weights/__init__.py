"""Published weights: catalogue, sources and the store on this machine."""
