"""Models in closed form: term matrices, truncated SVD, PPMI, and weighted means (SIF)."""
