"""The verbs about what the journal remembers: runs, and quotas."""
