"""Where the shop delivers and what that costs: the choice at checkout, and the staff screens."""
