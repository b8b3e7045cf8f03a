"""Topic models, LDA and LSA: their training, inference and evaluation.

The document-term matrix and its SVD are in `factorization`. `lsa` computes topics from that SVD.
`lda` samples a topic for each token, in the rounds of `gibbs_rounds`; `priors` fits the Dirichlet
priors of LDA. `inference` computes the topics of new documents. `coherence`, `windowed_coherence`
and `perplexity` evaluate topics, and `topic_comparison` compares the topics of a model with each
other and with those of another model. `topic_words` lists the top words of topics, and `mallet`
writes topics in MALLET's file formats.
"""
