"""The text of a policy: StreamField blocks and the canonical markup that is frozen."""
