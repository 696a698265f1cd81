"""VAT: which rate holds for what is sent where, and the sums by rate of an order."""
