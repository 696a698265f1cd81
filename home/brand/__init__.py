"""The brand: what follows from the two colours, the typeface and the logo that the trader chooses."""
