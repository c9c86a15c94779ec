"""What a run writes: workers, one change at a time, the recorder of intents and outcomes."""
