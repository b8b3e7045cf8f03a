"""Networks over an embedding layer: layers, each with its gradient beside it.

Conventions. Arrays of a batch are (T, B, D): time step, row of the batch, number. At step t a layer
reads x_t and the state h_{t-1} and gives h_t; h_0, given or zero, is the state before the first
step, so that `hidden[0]` is h_0 and `hidden[t + 1]` what step t leaves. A mask (T, B) is 1 where a
row has a word, 0 where it is filled up: there the state stays as it was. d_x is the gradient of the
loss by x; `backward` takes that of what `forward` gave last, adds to `gradients`, and returns that
of what `forward` got.
"""
