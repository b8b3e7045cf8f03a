"""Neural networks over an embedding layer: perceptrons, simple RNNs, GRUs and LSTMs, in NumPy.

Conventions:

- Arrays of a minibatch are (T, B, D): time step, row of the minibatch, dimension.
- At time step t a recurrent layer reads the input x_t and the state h_{t-1}, and computes the state
  h_t. The initial state h_0 is given or zero. `hidden`, (T + 1, B, U), holds h_0 to h_T.
- A mask, (T, B), is 1 for a word and 0 for padding. At padding the state is copied unchanged.
- d_x is the gradient of the loss with respect to x. `backward` takes the gradient with respect to
  the output of the last `forward`. It overwrites `gradients`, the gradients of the parameters of
  the layer, and returns the gradient with respect to the input of `forward`.
- Each numbered comment in `backward` is an equation of `forward` that is differentiated there. The
  last equation comes first.
"""
