"""The cache of whole public pages: the same bytes for every visitor, right again at the request after a change.

`middleware` stores and answers, `tokens` let none live past a change, `schedule` knows the next moment at
which pages change by themselves. It never stores what belongs to one visitor. Why our own:
docs/decisions/0003-page-cache.md.
"""
