"""The demo: the shop "Jomso" as if it had lived for a while. Only development's and the tests' settings install it.

Everything is written through the functions that the site itself uses; running it again doubles nothing. `shop` and
`orders` are all that knows the app `store`: a site without a shop gets the rest.
"""
