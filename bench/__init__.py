"""What is measured, and how to run it: README.md beside this file."""
