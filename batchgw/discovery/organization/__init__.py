"""The accounts of the organisation: listed, with their OUs and tags, chosen by selectors. Who moved since."""
