"""What commands remember for the next one. Where the journal cannot be used, a command goes on without."""
