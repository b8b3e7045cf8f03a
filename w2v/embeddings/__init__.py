"""Names and vectors: the table, the files it is kept in, and the questions it answers."""
