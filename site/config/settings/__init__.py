"""One module an environment: dev, test and production, each on top of base."""
