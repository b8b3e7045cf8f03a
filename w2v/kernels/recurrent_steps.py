"""One time step of an LSTM or GRU, forward and backward, between the layer's matrix products.

The equations hold for each row of a minibatch, with U units. Products are elementwise, and σ is the
logistic function. d_ before a name stands for the gradient of the loss with respect to it. The
layer computes the matrix products: x W_x for all steps at once, and h_{t-1} W_h before each step.

LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000), with
a = x_t W_x + h_{t-1} W_h + b:

    i, f, g, o = σ(a_i), σ(a_f), tanh(a_g), σ(a_o)     input, forget, change, output
    c_t = f c_{t-1} + i g
    h_t = o tanh(c_t)

    d_c   += d_h o (1 - tanh(c_t)²)
    d_a_o  = d_h tanh(c_t) o (1 - o)
    d_a_i  = d_c g i (1 - i)
    d_a_f  = d_c c_{t-1} f (1 - f)
    d_a_g  = d_c i (1 - g²)
    d_c_{t-1} = d_c f

GRU (Cho et al. 2014, but the reset gate is applied after the product with the state, as in cuDNN
and PyTorch, so that one product serves all gates), with a = x_t W_x + b and
q = h_{t-1} W_h + (0, 0, b_n):

    r, z = σ(a_r + q_r), σ(a_z + q_z)                  reset, update
    n   = tanh(a_n + r q_n)                            change
    h_t = n + z (h_{t-1} - n)

    d_a_z = d_q_z = d_h (h_{t-1} - n) z (1 - z)
    d_a_n = d_h (1 - z) (1 - n²)
    d_q_n = d_a_n r
    d_a_r = d_q_r = d_a_n q_n r (1 - r)
    d_h_{t-1} += d_h z

Where the mask is 0 (after the end of a text), the state is copied to the next step, and its
gradient is passed to the previous step. Arrays have T time steps, B rows of a minibatch, and U
units.

Each loop reads and writes few arrays. Compiled code must check that the arrays of a SIMD loop do
not overlap; with more than a few arrays, the compiler makes no SIMD loop.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.logistic import exp_minus_abs

SIGMOID, TANH = 0.0, 1.0


@inlined
def activate(sums, row, first, last, slope):
    """Replace sums a by σ(a) or tanh(a) = 2 σ(2 a) - 1.

    sums   float (B, ·)  changed in place
    row    int
    first  int           first column
    last   int           column after the last one
    slope  float         SIGMOID or TANH
    """
    dtype = sums.dtype.type
    one = dtype(1.0)
    scale, shift = dtype(slope) + one, dtype(slope)
    line = sums[row, first:last]
    for u in range(np.uint64(line.size)):
        small = exp_minus_abs(scale * line[u], dtype)
        share = (one if line[u] > dtype(0.0) else small) / (one + small)
        line[u] = scale * share - shift


@jit
def lstm_step(gates, hidden, cells, tanh_cells, mask, step):
    """One step of an LSTM: compute the state from the sums of the gates.

    gates       float (T, B, 4 U)    at `step` the sums a of the input, forget, change and output
                                     gates; overwritten by i, f, g, o
    hidden      float (T + 1, B, U)  h before each step; entry `step` + 1 is overwritten
    cells       float (T + 1, B, U)  c before each step; entry `step` + 1 is overwritten
    tanh_cells  float (T, B, U)      entry `step` is overwritten by tanh(c_t) where the mask is 1
    mask        float (T, B)         1 for a word; 0 after the end of a text
    step        int                  the time step, from 0
    """
    units, gates_t = cells.shape[2], gates[step]
    for row in range(mask.shape[1]):
        c_before, c = cells[step, row], cells[step + 1, row]
        if mask[step, row] == 0:
            c[:], hidden[step + 1, row, :] = c_before, hidden[step, row]
            continue
        activate(gates_t, row, 0, 2 * units, SIGMOID)
        activate(gates_t, row, 2 * units, 3 * units, TANH)
        activate(gates_t, row, 3 * units, 4 * units, SIGMOID)
        ifgo, tanh_c, h = gates_t[row], tanh_cells[step, row], hidden[step + 1, row]
        for u in range(np.uint64(units)):
            forgotten = ifgo[np.uint64(units) + u] * c_before[u]
            c[u] = forgotten + ifgo[u] * ifgo[np.uint64(2 * units) + u]
        tanh_c[:] = c
        activate(tanh_cells[step], row, 0, units, TANH)
        for u in range(np.uint64(units)):
            h[u] = ifgo[np.uint64(3 * units) + u] * tanh_c[u]


@jit
def lstm_step_backward(gates, cells, tanh_cells, mask, d_hidden, d_cells, d_gates, step):
    """One step of an LSTM backward: from gradients of the state to gradients of the gates' sums.

    gates       float (T, B, 4 U)    i, f, g, o
    cells       float (T + 1, B, U)  c before each step
    tanh_cells  float (T, B, U)      tanh(c) after each step
    mask        float (T, B)         as in `lstm_step`
    d_hidden    float (T + 1, B, U)  gradient of h; where the mask is 0, entry `step` + 1 is added
                                     to entry `step`
    d_cells     float (T + 1, B, U)  gradient of c; entry `step` is overwritten. The gradient that
                                     comes through h is added to entry `step` + 1
    d_gates     float (T, B, 4 U)    gradient of the sums a; entry `step` is overwritten
    step        int                  the time step, from 0
    """
    units, dtype = np.uint64(cells.shape[2]), cells.dtype.type
    one, two, three = dtype(1.0), np.uint64(2) * units, np.uint64(3) * units
    for row in range(mask.shape[1]):
        ifgo, d_a, d_h = gates[step, row], d_gates[step, row], d_hidden[step + 1, row]
        tanh_c, c_before, d_c = tanh_cells[step, row], cells[step, row], d_cells[step + 1, row]
        if mask[step, row] == 0:
            d_a[:] = dtype(0.0)
            d_hidden[step, row, :] += d_h
            d_cells[step, row, :] = d_c
            continue
        # 1. h_t = o tanh(c_t)
        for u in range(units):
            d_c[u] += d_h[u] * ifgo[three + u] * (one - tanh_c[u] * tanh_c[u])
        for u in range(units):
            o = ifgo[three + u]
            d_a[three + u] = d_h[u] * tanh_c[u] * o * (one - o)
        # 2. c_t = f c_{t-1} + i g
        for u in range(units):
            d_a[u] = d_c[u] * ifgo[two + u] * ifgo[u] * (one - ifgo[u])
        for u in range(units):
            f = ifgo[units + u]
            d_a[units + u] = d_c[u] * c_before[u] * f * (one - f)
        for u in range(units):
            g = ifgo[two + u]
            d_a[two + u] = d_c[u] * ifgo[u] * (one - g * g)
        d_c_before = d_cells[step, row]
        for u in range(units):
            d_c_before[u] = d_c[u] * ifgo[units + u]


@jit
def gru_step(gates, hidden_sums, hidden, mask, step):
    """One step of a GRU: compute the state from the sums of the gates.

    gates        float (T, B, 3 U)    at `step` the sums a, from the input, of the reset gate, the
                                      update gate and the change; overwritten by r, z, n
    hidden_sums  float (T, B, 3 U)    at `step` the sums q of the same gates, from the state
    hidden       float (T + 1, B, U)  h before each step; entry `step` + 1 is overwritten
    mask         float (T, B)         1 for a word; 0 after the end of a text
    step         int                  the time step, from 0
    """
    units = np.uint64(hidden.shape[2])
    two = np.uint64(2) * units
    for row in range(mask.shape[1]):
        rzn, q = gates[step, row], hidden_sums[step, row]
        h_before, h = hidden[step, row], hidden[step + 1, row]
        if mask[step, row] == 0:
            h[:] = h_before
            continue
        for u in range(two):
            rzn[u] += q[u]
        activate(gates[step], row, 0, two, SIGMOID)
        for u in range(units):
            rzn[two + u] += rzn[u] * q[two + u]
        activate(gates[step], row, two, two + units, TANH)
        for u in range(units):
            h[u] = rzn[two + u] + rzn[units + u] * (h_before[u] - rzn[two + u])


@jit
def gru_step_backward(gates, hidden_sums, hidden, mask, d_hidden, d_gates, step):
    """One step of a GRU backward: from gradients of the state to gradients of the gates' sums.

    gates        float (T, B, 3 U)    r, z, n
    hidden_sums  float (T, B, 3 U)    at `step` the sums q; overwritten by their gradient
    hidden       float (T + 1, B, U)  h before each step
    mask         float (T, B)         as in `gru_step`
    d_hidden     float (T + 1, B, U)  gradient of h; d_h z is added to entry `step`. Where the mask
                                      is 0, entry `step` + 1 is added to entry `step`
    d_gates      float (T, B, 3 U)    gradient of the sums a; entry `step` is overwritten
    step         int                  the time step, from 0
    """
    units, dtype = np.uint64(hidden.shape[2]), hidden.dtype.type
    one, two = dtype(1.0), np.uint64(2) * units
    for row in range(mask.shape[1]):
        rzn, d_a, q = gates[step, row], d_gates[step, row], hidden_sums[step, row]
        h_before, d_h, d_h_before = hidden[step, row], d_hidden[step + 1, row], d_hidden[step, row]
        if mask[step, row] == 0:
            d_a[:], q[:] = dtype(0.0), dtype(0.0)
            d_h_before += d_h
            continue
        # 1. h_t = n + z (h_{t-1} - n)
        for u in range(units):
            z, n = rzn[units + u], rzn[two + u]
            d_a[units + u] = d_h[u] * (h_before[u] - n) * z * (one - z)
        for u in range(units):
            n = rzn[two + u]
            d_a[two + u] = d_h[u] * (one - rzn[units + u]) * (one - n * n)
        for u in range(units):
            d_h_before[u] += d_h[u] * rzn[units + u]
        # 2. n = tanh(a_n + r q_n)
        for u in range(units):
            r = rzn[u]
            d_a[u] = d_a[two + u] * q[two + u] * r * (one - r)
        q[:] = d_a
        for u in range(units):
            q[two + u] *= rzn[u]
