"""Offers: staff fill a basket for a customer, who orders it by a link or pays otherwise."""
