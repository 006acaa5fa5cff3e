"""The routes, one file a section of the contract."""
