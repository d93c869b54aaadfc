"""Command line of vmodel, one module per command."""
