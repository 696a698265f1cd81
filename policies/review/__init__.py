"""The legal review of a draft: its page and its workflow."""
