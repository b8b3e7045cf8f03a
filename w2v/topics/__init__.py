"""Topic models, LDA and LSA: their training, inference and evaluation.

The document-term matrix and its SVD are in `factorization`. `lsa` computes topics from that SVD.
`lda` samples a topic for each token, in the rounds of `gibbs_rounds`, and fits the Dirichlet
`priors`. `inference` computes the topics of new documents. `coherence` and `perplexity` evaluate
topics, `topic_words` lists their top words, and `mallet` writes them in MALLET's file formats.
"""
