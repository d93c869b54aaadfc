"""Light and materials: lights, visibility, skin, cloth, wrinkles and tones."""
