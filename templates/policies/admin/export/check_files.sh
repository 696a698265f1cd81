    sha256sum --check --quiet SHA256SUMS
