"""What every page shares: users, base pages, blocks, menus, brand, the page cache, security middleware."""
