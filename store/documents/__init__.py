"""Papers of an order: invoices and credit notes with numbers without gaps, packing slips, address labels, totals."""
