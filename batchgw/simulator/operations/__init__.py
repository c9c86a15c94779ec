"""What each operation of the simulated services does: a folder or a module a service."""
