"""The policy file as people write it: its keys, their types, and the checks of each key by itself.

A new key of the format is a field here. Editors and `batchgw schema` show its description. The folder `lint`
checks keys against each other; the folder `meaning` works out what they mean together.
"""
