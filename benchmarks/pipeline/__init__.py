"""What `pipeline_cost` and `journal` measure: a plan, and its runs on a plane that costs nothing."""
