"""The checkout: the review page, placing an order, and the limits for one client."""
