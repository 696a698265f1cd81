"""The markup of policies: what is allowed in it, its one canonical form, and its way into the editor's blocks."""
