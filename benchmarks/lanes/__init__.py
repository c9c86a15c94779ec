"""Two lanes: puts draw on the total, deployments on the total and on a much slower quota of their own."""
