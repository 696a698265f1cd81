"""Programs beside the site, for development and tests: they import nothing of it, and it imports none of them."""
