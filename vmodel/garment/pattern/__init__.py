"""From a read photo to a garment in centimetres: a block with the photo's sizes, wearing the photo's own cloth."""
