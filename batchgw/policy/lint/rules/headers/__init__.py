"""Rules about headers, in either spelling."""
