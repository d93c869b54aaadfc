"""Photographing of training scenes by Blender in a process of its own."""
