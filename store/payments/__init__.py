"""Payments: the only code that talks to Stripe, fulfilment, its events, reconciliation, amounts."""
