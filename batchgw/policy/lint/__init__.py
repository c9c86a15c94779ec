"""What is wrong with a policy whose form is right. Each rule is a file in `rules`, and nothing else."""
