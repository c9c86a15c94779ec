"""The programs that are compared: batchgw, and what else a user would pick to write gateway responses.

Each runs in a process of its own, `python -m benchmarks.peers NAME`, gets a `Job`, and answers with a
`Report`. Each is written as its users would write it who know the documented quota.
"""
