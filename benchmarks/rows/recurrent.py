"""Recurrent layers, forward and backward."""

from __future__ import annotations

import numpy

from benchmarks.kind import Kind, normal


class LSTM(Kind):
    """Hochreiter & Schmidhuber (1997), gates in torch's order i, f, g, o; the gradient of (h · slope).sum()."""

    title = "LSTM forward and backward: steps, batch, width, units"
    hand = "lstm"
    blas = True
    tolerance = {"float32": 1e-4, "float64": 1e-9}

    @staticmethod
    def sample(rng, dtype, steps, batch, width, units):
        scale = numpy.asarray(units**-0.5, dtype)
        return {
            "x": normal(rng, dtype, steps, batch, width),
            "w": normal(rng, dtype, width, 4 * units) * scale,
            "u": normal(rng, dtype, units, 4 * units) * scale,
            "b": normal(rng, dtype, 4 * units) * scale,
            "slope": normal(rng, dtype, steps, batch, units),
        }

    @staticmethod
    def sizes(arguments):
        return (*arguments["x"].shape, len(arguments["u"]))

    @staticmethod
    def cell(sigmoid, tanh, z, c, n):
        i, f, g, o = sigmoid(z[:, :n]), sigmoid(z[:, n : 2 * n]), tanh(z[:, 2 * n : 3 * n]), sigmoid(z[:, 3 * n :])
        c = f * c + i * g
        return o * tanh(c), c

    @staticmethod
    def symtensor(st, x, w, u, b, slope):
        n = u.shape[0]
        zero = st.zeros((x.shape[1], n), dtype=x.dtype)
        (h, _), _ = st.scan(
            lambda x, h, c, w, u, b: LSTM.cell(st.sigmoid, st.tanh, x @ w + h @ u + b, c, u.shape[0]),
            sequences=x,
            outputs_info=[zero, zero],
            non_sequences=[w, u, b],
        )
        return h, *st.grad((h * slope).sum(), [x, w, u, b])

    @staticmethod
    def numpy(np, x, w, u, b, slope):
        steps, batch, _ = x.shape
        n = len(u)
        z_x = x @ w + b
        gates, hs, cs = np.empty_like(z_x), np.empty((steps, batch, n), x.dtype), np.empty((steps, batch, n), x.dtype)
        h = c = np.zeros((batch, n), x.dtype)
        for t in range(steps):
            z = gates[t]
            np.matmul(h, u, out=z)
            z += z_x[t]
            z[:, 2 * n : 3 * n] *= 2  # tanh z = 2 sigmoid(2 z) - 1: one sigmoid over all gates
            np.negative(z, out=z)
            np.exp(z, out=z)
            z += 1
            np.reciprocal(z, out=z)
            z[:, 2 * n : 3 * n] *= 2
            z[:, 2 * n : 3 * n] -= 1
            i, f, g, o = np.split(z, 4, axis=1)
            cs[t] = c = f * c + i * g
            hs[t] = h = o * np.tanh(c)
        dz = np.empty_like(gates)
        dh, dc = np.zeros((batch, n), x.dtype), np.zeros((batch, n), x.dtype)
        for t in reversed(range(steps)):
            i, f, g, o = np.split(gates[t], 4, axis=1)
            dh = dh + slope[t]
            tc = np.tanh(cs[t])
            dc = dc + dh * o * (1 - tc * tc)
            before = cs[t - 1] if t else np.zeros_like(c)
            dz[t, :, :n] = dc * g * i * (1 - i)
            dz[t, :, n : 2 * n] = dc * before * f * (1 - f)
            dz[t, :, 2 * n : 3 * n] = dc * i * (1 - g * g)
            dz[t, :, 3 * n :] = dh * tc * o * (1 - o)
            dh, dc = dz[t] @ u.T, dc * f
        flat = dz.reshape(-1, 4 * n)
        du = hs[:-1].reshape(-1, n).T @ flat[batch:]
        return hs, dz @ w.T, x.reshape(steps * batch, -1).T @ flat, du, flat.sum(axis=0)

    @staticmethod
    def jax(jax, x, w, u, b, slope):
        np = jax.numpy

        def run(x, w, u, b):
            zero = np.zeros((x.shape[1], len(u)), x.dtype)

            def step(state, x):
                h, c = LSTM.cell(jax.nn.sigmoid, np.tanh, x @ w + state[0] @ u + b, state[1], len(u))
                return (h, c), h

            return jax.lax.scan(step, (zero, zero), x)[1]

        h, back = jax.vjp(run, x, w, u, b)
        return h, *back(slope)

    @staticmethod
    def torch(torch, x, w, u, b, slope):
        x, w, u, b = given = [value.detach().requires_grad_() for value in (x, w, u, b)]
        h = c = x.new_zeros((x.shape[1], len(u)))
        hs = []
        for x_t in x:
            h, c = LSTM.cell(torch.sigmoid, torch.tanh, x_t @ w + h @ u + b, c, len(u))
            hs.append(h)
        h = torch.stack(hs)
        return h.detach(), *torch.autograd.grad(h, given, slope)

    torch_compile = None  # unrolls every step

    @staticmethod
    def torch_layer(torch, x, w, u, b, slope):
        """torch's fused layer."""
        given = [x.detach(), w.detach().T.contiguous(), u.detach().T.contiguous(), b.detach(), torch.zeros_like(b)]
        for value in given[:4]:
            value.requires_grad_()
        zero = x.new_zeros((1, x.shape[1], len(u)))
        x, *weights = given
        h = torch.lstm(x, (zero, zero), weights, True, 1, 0.0, True, False, False)[0]
        dx, dw, du, db = torch.autograd.grad(h, given[:4], slope)
        return h.detach(), dx, dw.T, du.T, db

    @staticmethod
    def pytensor(pt, x, w, u, b, slope):
        import pytensor

        zero = pt.zeros((x.shape[1], u.shape[0]), dtype=x.dtype)
        h, _ = pytensor.scan(
            lambda x, h, c, w, u, b: LSTM.cell(pt.sigmoid, pt.tanh, x @ w + h @ u + b, c, u.shape[0]),
            sequences=x,
            outputs_info=[zero, zero],
            non_sequences=[w, u, b],
            return_updates=False,
        )
        return h, *pt.grad((h * slope).sum(), [x, w, u, b])


class GRU(Kind):
    """Cho et al. (2014) as torch has it, gates in its order r, z, n; the gradient of (h · slope).sum()."""

    title = "GRU forward and backward: steps, batch, width, units"
    hand = "gru"
    blas = True
    tolerance = LSTM.tolerance

    @staticmethod
    def sample(rng, dtype, steps, batch, width, units):
        scale = numpy.asarray(units**-0.5, dtype)
        return {
            "x": normal(rng, dtype, steps, batch, width),
            "w": normal(rng, dtype, width, 3 * units) * scale,
            "u": normal(rng, dtype, units, 3 * units) * scale,
            "b": normal(rng, dtype, 3 * units) * scale,
            "v": normal(rng, dtype, 3 * units) * scale,
            "slope": normal(rng, dtype, steps, batch, units),
        }

    sizes = LSTM.sizes

    @staticmethod
    def cell(sigmoid, tanh, a, c, h, n):
        """From x w + b, h u + v and h to the next h."""
        r, z = sigmoid(a[:, :n] + c[:, :n]), sigmoid(a[:, n : 2 * n] + c[:, n : 2 * n])
        m = tanh(a[:, 2 * n :] + r * c[:, 2 * n :])
        return m + z * (h - m)

    @staticmethod
    def symtensor(st, x, w, u, b, v, slope):
        h, _ = st.scan(
            lambda x, h, w, u, b, v: GRU.cell(st.sigmoid, st.tanh, x @ w + b, h @ u + v, h, u.shape[0]),
            sequences=x,
            outputs_info=st.zeros((x.shape[1], u.shape[0]), dtype=x.dtype),
            non_sequences=[w, u, b, v],
        )
        return h, *st.grad((h * slope).sum(), [x, w, u, b, v])

    @staticmethod
    def numpy(np, x, w, u, b, v, slope):
        steps, batch, _ = x.shape
        n = len(u)
        a = x @ w + b
        states, inner = np.zeros((steps + 1, batch, n), x.dtype), np.empty((steps, batch, n), x.dtype)
        for t in range(steps):
            c, gates = states[t] @ u + v, a[t]
            gates[:, : 2 * n] += c[:, : 2 * n]
            np.negative(gates, out=gates)
            np.exp(gates[:, : 2 * n], out=gates[:, : 2 * n])
            gates[:, : 2 * n] += 1
            np.reciprocal(gates[:, : 2 * n], out=gates[:, : 2 * n])
            inner[t] = c[:, 2 * n :]
            m = np.tanh(gates[:, :n] * inner[t] - gates[:, 2 * n :])
            gates[:, 2 * n :] = m
            states[t + 1] = m + gates[:, n : 2 * n] * (states[t] - m)
        da, dc = np.empty_like(a), np.empty_like(a)
        dh = np.zeros((batch, n), x.dtype)
        for t in reversed(range(steps)):
            r, z, m = np.split(a[t], 3, axis=1)
            dh = dh + slope[t]
            dm = dh * (1 - z) * (1 - m * m)
            da[t, :, :n] = dm * inner[t] * r * (1 - r)
            da[t, :, n : 2 * n] = dh * (states[t] - m) * z * (1 - z)
            da[t, :, 2 * n :] = dm
            dc[t] = da[t]
            dc[t, :, 2 * n :] *= r
            dh = dh * z + dc[t] @ u.T
        of_x, of_h = da.reshape(-1, 3 * n), dc.reshape(-1, 3 * n)
        dw, du = x.reshape(steps * batch, -1).T @ of_x, states[:-1].reshape(-1, n).T @ of_h
        return states[1:], da @ w.T, dw, du, of_x.sum(axis=0), of_h.sum(axis=0)

    @staticmethod
    def jax(jax, x, w, u, b, v, slope):
        np = jax.numpy

        def run(x, w, u, b, v):
            def step(h, x):
                h = GRU.cell(jax.nn.sigmoid, np.tanh, x @ w + b, h @ u + v, h, len(u))
                return h, h

            return jax.lax.scan(step, np.zeros((x.shape[1], len(u)), x.dtype), x)[1]

        h, back = jax.vjp(run, x, w, u, b, v)
        return h, *back(slope)

    @staticmethod
    def torch(torch, x, w, u, b, v, slope):
        x, w, u, b, v = given = [value.detach().requires_grad_() for value in (x, w, u, b, v)]
        h = x.new_zeros((x.shape[1], len(u)))
        hs = []
        for x_t in x:
            h = GRU.cell(torch.sigmoid, torch.tanh, x_t @ w + b, h @ u + v, h, len(u))
            hs.append(h)
        h = torch.stack(hs)
        return h.detach(), *torch.autograd.grad(h, given, slope)

    torch_compile = None  # unrolls every step

    @staticmethod
    def torch_layer(torch, x, w, u, b, v, slope):
        """torch's fused layer."""
        given = [x.detach(), w.detach().T.contiguous(), u.detach().T.contiguous(), b.detach(), v.detach()]
        for value in given:
            value.requires_grad_()
        zero = x.new_zeros((1, x.shape[1], len(u)))
        x, *weights = given
        h = torch.gru(x, zero, weights, True, 1, 0.0, True, False, False)[0]
        dx, dw, du, db, dv = torch.autograd.grad(h, given, slope)
        return h.detach(), dx, dw.T, du.T, db, dv

    @staticmethod
    def pytensor(pt, x, w, u, b, v, slope):
        import pytensor

        h = pytensor.scan(
            lambda x, h, w, u, b, v: GRU.cell(pt.sigmoid, pt.tanh, x @ w + b, h @ u + v, h, u.shape[0]),
            sequences=x,
            outputs_info=pt.zeros((x.shape[1], u.shape[0]), dtype=x.dtype),
            non_sequences=[w, u, b, v],
            return_updates=False,
        )
        return h, *pt.grad((h * slope).sum(), [x, w, u, b, v])
