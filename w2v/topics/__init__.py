"""Topic models: what documents are about, from which words they hold.

The matrix of documents and words comes from `factorization`. `lsa` takes its singular vectors;
`lda` samples a topic for each token, in the rounds of `gibbs_rounds`, and fits its `priors`.
`coherence` and `perplexity` evaluate topics, `topic_words` lists them, `inference` finds those of
new documents, and `mallet` writes them in the layouts of MALLET.
"""
