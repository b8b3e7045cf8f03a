"""The layers of networks, each with a forward and a backward pass.

The time steps of LSTM and GRU are compiled kernels, in `w2v.kernels.recurrent_steps`.
"""
