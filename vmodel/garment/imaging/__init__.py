"""Operations on photos of garments: contours, colour spaces, filled-in colours, details, warps."""
