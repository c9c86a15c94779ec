"""The contestants: batchgw, and what else a user would pick to write hundreds of gateway responses.

Each runs in a process of its own, `python -m benchmarks.peers NAME`, is given a `Job`, and answers a
`Report`. Each is written as its users would write it, knowing the documented quota.
"""
