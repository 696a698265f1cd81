"""The configuration of the site: settings, URLs, and the few commands that know every app.

It sits inside the plain folder `site/`, which has no `__init__.py`: the standard library owns the name `site`.
"""
