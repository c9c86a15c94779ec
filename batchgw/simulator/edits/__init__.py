"""Other people, who edit, deploy and delete APIs while somebody rolls a policy out: by script."""
