"""The model of one remote token bucket: pure, told what happens and when."""
