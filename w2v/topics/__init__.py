"""Topic models: what documents are about, from which words they hold.

The flow: `terms` counts and chooses words; `lsa` takes the singular vectors of the matrix (`svd`),
`lda` samples a topic for each token (`sweeps`), with priors that fit (`priors`). What has been
found is judged by `coherence` and `completion`, shown by `listing` and handed on by `mallet`.
"""
