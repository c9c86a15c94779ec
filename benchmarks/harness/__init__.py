"""What every section of the benchmarks shares: results, tables, plots, the runner, the machine."""
