"""The cache of whole public pages: the same bytes for every visitor, right again at the request after a change.

`layer` answers from the memory of the process before Django is asked, `pages` is that memory. `middleware` says of each
response whether it may be kept, `reads` what it was made of. `tokens` let nothing live past a change, `invalidation`
connects the changes to them, and `schedule` knows the next moment at which pages change by themselves. Why our own:
docs/decisions/0003-page-cache.md; why in the process: docs/decisions/0023-pages-in-the-process.md.
"""
