"""Layers of networks: each file has the forward pass beside the backward pass."""
