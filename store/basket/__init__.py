"""The basket: what is in it, its cookies, its pages."""
