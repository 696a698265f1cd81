"""Policies and their versions: publishing, the record and its hash, what is in force when, export, feed, screens."""
