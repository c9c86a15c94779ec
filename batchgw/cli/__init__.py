"""The door: arguments, exit codes, signals, console."""
