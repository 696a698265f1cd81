"""The audit of cookies (`manage.py audit_cookies`): visitors in a real browser, and what they must not find."""
