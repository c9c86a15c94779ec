"""How results are shown, form by form."""
