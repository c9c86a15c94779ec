"""Tell: fold outcomes into a summary, and show it."""
