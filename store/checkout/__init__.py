"""The checkout: the review page, placing an order, and how much one client may hold."""
