"""The inbox: what staff see of messages, and what they do with them."""
