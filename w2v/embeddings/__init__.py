"""Tables of names and vectors: their file formats, nearest neighbours and other queries."""
