"""Text classifiers that read a text as the mean of the vectors of its words and n-grams."""
