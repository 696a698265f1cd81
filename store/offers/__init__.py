"""Orders for somebody: staff fill a basket, and the customer orders it by a link or pays otherwise."""
