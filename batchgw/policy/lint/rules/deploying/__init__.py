"""Rules about the stages that are made live, and how."""
