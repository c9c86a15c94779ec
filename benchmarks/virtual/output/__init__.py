"""How runs in virtual time are shown: as a row of the table, a timeline for plots, a printed trace."""
