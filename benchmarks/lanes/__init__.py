"""Two lanes: all calls share one quota, and deployments have a second, much slower one of their own."""
