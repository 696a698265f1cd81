"""Where the shop delivers and what that costs."""
