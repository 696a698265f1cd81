"""Stripe's stand-in for development and tests: a process of its own that does the part of Stripe that the shop uses.

It answers Stripe's API as the SDK calls it, shows a payment page, and sends signed webhooks. It keeps everything in
an SQLite file of its own, uses the standard library and the types of the stripe SDK, moves no money and refuses live
keys. `python -m tools.stripe_sandbox` starts it from a terminal, `server.Sandbox` from a test. Whoever starts it tells
the site where it is: `STRIPE_API_URL`, `STRIPE_SECRET_KEY` (any that begins sk_test_), `STRIPE_WEBHOOK_SECRET`.
"""
