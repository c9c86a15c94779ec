"""Reports: fold plans and outcomes into summaries, and show them."""
