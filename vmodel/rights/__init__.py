"""Rights: what may be shown, by whom and for whom."""
