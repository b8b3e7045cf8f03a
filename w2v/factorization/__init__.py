"""Models in closed form (computed directly, without epochs): term matrices, SVD, PPMI and SIF."""
