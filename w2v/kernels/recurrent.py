"""The gates of recurrent layers, one time step at a time: what is left between two products.

Each loop reads and writes few arrays: before it takes many numbers at once, the compiled code makes
sure that these do not overlap, which it gives up where there are more than a handful.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.logistic import exp_minus_abs


@inlined
def squash(sums, row, first, last, slope):
    """Put (slope + 1) / (1 + exp(-(slope + 1) a)) - slope in the place of sums a.

    sums   float (B, ·)  changed in place
    row    int
    first  int           the first of its numbers
    last   int           and the one after the last
    slope  float         0: the logistic function; 1: tanh
    """
    kind = sums.dtype.type
    one = kind(1.0)
    wide, less = kind(slope) + one, kind(slope)
    line = sums[row, first:last]
    for at in range(np.uint64(line.size)):
        small = exp_minus_abs(wide * line[at], kind)
        share = (one if line[at] > kind(0.0) else small) / (one + small)
        line[at] = wide * share - less


@jit
def open_gates(gates, hidden, cells, shown, mask, step):
    """One step of an LSTM, from the sums of its gates to its state.

    gates   float (T, B, 4 U)      at `step` the sums of the input, forget, change and output gates,
                                   overwritten by what the gates make of these
    hidden  float (T + 1, B, U)    the state before each step; that after `step` is overwritten
    cells   float (T + 1, B, U)    the same of the cells
    shown   float (T, B, U)        at `step` overwritten by tanh of the cells, where there is a word
    mask    float (T, B)           1 where there is a word, else 0: there the state stays
    step    int
    """
    units, now = cells.shape[2], gates[step]
    for row in range(mask.shape[1]):
        before, after = cells[step, row], cells[step + 1, row]
        if mask[step, row] == 0:
            after[:], hidden[step + 1, row, :] = before, hidden[step, row]
            continue
        squash(now, row, 0, 2 * units, 0.0)
        squash(now, row, 2 * units, 3 * units, 1.0)
        squash(now, row, 3 * units, 4 * units, 0.0)
        line, seen, out = now[row], shown[step, row], hidden[step + 1, row]
        for unit in range(np.uint64(units)):
            forgotten = line[np.uint64(units) + unit] * before[unit]
            after[unit] = forgotten + line[unit] * line[np.uint64(2 * units) + unit]
        seen[:] = after
        squash(shown[step], row, 0, units, 1.0)
        for unit in range(np.uint64(units)):
            out[unit] = line[np.uint64(3 * units) + unit] * seen[unit]


@jit
def close_gates(gates, cells, shown, mask, d_hidden, d_cells, d_gates, step):
    """The gradients of one step of an LSTM, from those of its state to those of its gates' sums.

    gates     float (T, B, 4 U)    what the gates have let through
    cells     float (T + 1, B, U)
    shown     float (T, B, U)      tanh of the cells
    mask      float (T, B)
    d_hidden  float (T + 1, B, U)  by the states: where there is no word, that before `step` gets
                                   that after it
    d_cells   float (T + 1, B, U)  by the cells: those before `step` are overwritten, and those
                                   after it get what comes by way of the state
    d_gates   float (T, B, 4 U)    at `step` overwritten
    step      int
    """
    units, kind = np.uint64(cells.shape[2]), cells.dtype.type
    one, two, three = kind(1.0), np.uint64(2) * units, np.uint64(3) * units
    for row in range(mask.shape[1]):
        now, slopes, d_h = gates[step, row], d_gates[step, row], d_hidden[step + 1, row]
        seen, before, d_c = shown[step, row], cells[step, row], d_cells[step + 1, row]
        if mask[step, row] == 0:
            slopes[:] = kind(0.0)
            d_hidden[step, row, :] += d_h
            d_cells[step, row, :] = d_c
            continue
        # 1. h = o tanh(c)
        for u in range(units):
            d_c[u] += d_h[u] * now[three + u] * (one - seen[u] * seen[u])
        for u in range(units):
            output = now[three + u]
            slopes[three + u] = d_h[u] * seen[u] * output * (one - output)
        # 2. c = f c_before + i g
        for u in range(units):
            slopes[u] = d_c[u] * now[two + u] * now[u] * (one - now[u])
        for u in range(units):
            forget = now[units + u]
            slopes[units + u] = d_c[u] * before[u] * forget * (one - forget)
        for u in range(units):
            change = now[two + u]
            slopes[two + u] = d_c[u] * now[u] * (one - change * change)
        d_before = d_cells[step, row]
        for u in range(units):
            d_before[u] = d_c[u] * now[units + u]


@jit
def open_reset(gates, told, hidden, mask, step):
    """One step of a GRU, from the sums of its gates to its state.

    gates   float (T, B, 3 U)    at `step` what the input adds to the reset gate, the update gate
                                 and the change, overwritten by what becomes of these
    told    float (T, B, 3 U)    what the state adds to the same
    hidden  float (T + 1, B, U)  the state before each step; that after `step` is overwritten
    mask    float (T, B)         1 where there is a word, else 0: there the state stays
    step    int
    """
    units = np.uint64(hidden.shape[2])
    two = np.uint64(2) * units
    for row in range(mask.shape[1]):
        now, said = gates[step, row], told[step, row]
        before, after = hidden[step, row], hidden[step + 1, row]
        if mask[step, row] == 0:
            after[:] = before
            continue
        for at in range(two):
            now[at] += said[at]
        squash(gates[step], row, 0, two, 0.0)
        for u in range(units):
            now[two + u] += now[u] * said[two + u]
        squash(gates[step], row, two, two + units, 1.0)
        for u in range(units):
            after[u] = now[two + u] + now[units + u] * (before[u] - now[two + u])


@jit
def close_reset(gates, told, hidden, mask, d_hidden, d_gates, step):
    """The gradients of one step of a GRU, from those of its state to those of its gates' sums.

    gates     float (T, B, 3 U)    what the gates have let through
    told      float (T, B, 3 U)    at `step` what the state has added, overwritten by its gradient
    hidden    float (T + 1, B, U)
    mask      float (T, B)
    d_hidden  float (T + 1, B, U)  by the states: that before `step` gets what comes past the gates
    d_gates   float (T, B, 3 U)    at `step` overwritten: by what the input has added
    step      int
    """
    units, kind = np.uint64(hidden.shape[2]), hidden.dtype.type
    one, two = kind(1.0), np.uint64(2) * units
    for row in range(mask.shape[1]):
        now, slopes, said = gates[step, row], d_gates[step, row], told[step, row]
        before, d_h, d_before = hidden[step, row], d_hidden[step + 1, row], d_hidden[step, row]
        if mask[step, row] == 0:
            slopes[:], said[:] = kind(0.0), kind(0.0)
            d_before += d_h
            continue
        # 1. h = (1 - z) n + z h_before
        for u in range(units):
            update, change = now[units + u], now[two + u]
            slopes[units + u] = d_h[u] * (before[u] - change) * update * (one - update)
        for u in range(units):
            change = now[two + u]
            slopes[two + u] = d_h[u] * (one - now[units + u]) * (one - change * change)
        for u in range(units):
            d_before[u] += d_h[u] * now[units + u]
        # 2. n = tanh(a + r q)
        for u in range(units):
            reset = now[u]
            slopes[u] = slopes[two + u] * said[two + u] * reset * (one - reset)
        said[:] = slopes
        for u in range(units):
            said[two + u] *= now[u]
