"""The basket: its contents, its cookies and its pages."""
