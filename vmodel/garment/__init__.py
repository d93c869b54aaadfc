"""Photo to pattern: reading, cut-out, kind, landmarks, panels, scale."""
