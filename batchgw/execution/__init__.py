"""Do it: a plan is made and read again, its changes are made, and the run is summed up."""
