"""Orders: their status and history, the shopper's page, e-mails, staff screens, personal data."""
