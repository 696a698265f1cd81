"""Live facts: what the running system states of itself, how two states differ, and drift from what was published."""
