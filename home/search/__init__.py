"""Searching: the backend of the admin and the index, and the search of the site."""
