"""Topic models: what documents are about, from which words they hold.

The flow: `factorization.term_matrix` counts and chooses words; `lsa` takes the singular vectors of
the matrix, `lda` samples a topic for each token (`gibbs_rounds`), with priors that fit (`priors`).
The topics are read from a file as `topic_words`, evaluated by `coherence` and `perplexity`, and
exported by `mallet`.
"""
