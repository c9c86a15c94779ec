"""The data plane of the simulated APIs: what their deployed stages answer to callers."""
