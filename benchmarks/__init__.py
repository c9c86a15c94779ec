"""How fast batchgw is and what it costs, measured together with what a user would pick instead."""
