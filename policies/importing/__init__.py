"""The import of texts from Markdown and Word, as versions or as drafts: completely, or refused with the reason."""
