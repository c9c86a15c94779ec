"""The output: standard output, standard error, help, questions and errors."""
