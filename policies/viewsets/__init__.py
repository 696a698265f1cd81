"""Staff screens in the Wagtail admin; policies/wagtail_hooks.py puts them into the menu."""
