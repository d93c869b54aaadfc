"""Invisible watermark of pictures and films."""
