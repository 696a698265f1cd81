"""The demo content: the shop "Jomso" as if it had lived for a while. Code, so that it is tested with the rest.

Everything is written through the functions that the site itself uses; running it again doubles nothing. Its words
are in `texts/`. It is for trying the site, never for production data.
"""
