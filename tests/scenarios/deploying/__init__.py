"""Runs that make stages live, in virtual time."""
