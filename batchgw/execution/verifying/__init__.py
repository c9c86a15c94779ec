"""Is a stage live? It is looked at, by its export or by a request to it, until it is seen to be."""
