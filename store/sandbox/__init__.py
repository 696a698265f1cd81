"""Stripe's stand-in for development and tests: a process of its own that plays the part of Stripe that the shop uses.

It answers Stripe's API as the SDK calls it, shows a payment page, and sends signed webhooks. It keeps everything in
an SQLite file of its own and uses the standard library and the types of the stripe SDK; it touches no Django model,
sets no cookie, moves no money and refuses live keys. `server.Sandbox` starts it from Python, `manage.py
stripe_sandbox` from a terminal. Nothing here runs in production.
"""
