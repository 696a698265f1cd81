"""VAT: which rate holds for what is sent where, the sums by rate of an order, and which numbers can be."""
