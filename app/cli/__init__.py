"""Command line of vmodel: its commands, their flags and their output."""
