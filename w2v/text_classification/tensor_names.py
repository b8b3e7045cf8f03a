"""The names of arrays in the files of neural bags of words, beside those of other rooms."""

NGRAMS = "word_ngrams.vectors"  # float32 (P, D), the vectors of word n-grams
BUCKETS = "word_ngrams.buckets"  # uint32 (P,), their buckets, ascending
TEMPERATURE = "temperature"  # float32 (1,), the divisor of the scores
