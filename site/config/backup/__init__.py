"""Backups: one encrypted file with database, media and private files, and how a site is put back from it."""
