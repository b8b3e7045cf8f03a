"""Layers of networks: forward beside backward; `kernels.recurrent_steps` has single time steps."""
