"""What `manage.py verify_policies` holds against the frozen records, inside of the database and outside of it."""
