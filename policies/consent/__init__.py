"""Cookie consent: the notice, a choice and its record, the receipt, the report, the cookies page, staff screens."""
