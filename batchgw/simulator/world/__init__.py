"""What there is: accounts, regions, REST APIs and their settings, all of it from a seed."""
