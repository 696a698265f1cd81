"""Staff screens of the shop: orders, stock, delivery, and what Stripe told us."""
