"""Models computed in closed form: sparse matrices, truncated SVD, PPMI, weighted means (SIF)."""
