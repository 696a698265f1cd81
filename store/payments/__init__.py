"""Payments: the only code that talks to Stripe, fulfilment, reconciliation, webhooks, amounts."""
