"""What the page shows and takes in: queries, forms, cards, orders."""
