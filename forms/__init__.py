"""Form pages that editors build, and what visitors write in them."""
