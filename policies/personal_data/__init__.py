"""The register of personal data: export, erasure and retention."""
