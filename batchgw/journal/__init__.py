"""Remember: intents and outcomes of every run; locks; resume."""
