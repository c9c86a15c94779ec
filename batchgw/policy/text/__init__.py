"""From a file's text to a document whose every value knows its line and column."""
