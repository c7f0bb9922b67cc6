"""Networks: training steps, attention, an embedding with its sparse update."""

from __future__ import annotations

import functools
import itertools

import numpy

from benchmarks.kind import Kind, normal

RATE, MOMENTUM = numpy.float32(0.01), numpy.float32(0.9)


class TrainingStep(Kind):
    """A step of momentum descent on a network of two hidden layers."""

    title = "training step, momentum, batch and widths"
    hand = "training_step"
    blas = True
    parameters = ("w1", "b1", "w2", "b2", "w3", "b3")
    state = (*parameters, *(f"v_{name}" for name in parameters))
    tolerance = {"float32": 2e-4, "float64": 1e-10}

    @staticmethod
    def sample(rng, dtype, batch, *widths):
        layers = {}
        for k, (n, m) in enumerate(itertools.pairwise(widths), 1):
            layers[f"w{k}"] = normal(rng, dtype, n, m) * numpy.asarray(1 / numpy.sqrt(n), dtype)
            layers[f"b{k}"] = 0.1 * normal(rng, dtype, m)
        velocities = {f"v_{name}": numpy.zeros_like(value) for name, value in layers.items()}
        data = {"x": normal(rng, dtype, batch, widths[0]), "t": rng.integers(0, widths[-1], batch)}
        return {**data, **layers, **velocities}

    @staticmethod
    def sizes(arguments):
        return (*arguments["x"].shape, *(len(arguments[name]) for name in ("b1", "b2", "b3")))

    @staticmethod
    def symtensor(st, x, t, **state):
        w1, b1, w2, b2, w3, b3 = weights = [state[name] for name in TrainingStep.parameters]
        h = st.maximum(x @ w1 + b1, 0)
        h = st.maximum(h @ w2 + b2, 0)
        z = h @ w3 + b3
        logp = z - st.log(st.exp(z).sum(axis=1, keepdims=True))
        loss = -logp[st.arange(t.shape[0]), t].mean()
        new = {}
        for name, weight, gradient in zip(TrainingStep.parameters, weights, st.grad(loss, weights)):
            new[f"v_{name}"] = MOMENTUM * state[f"v_{name}"] - RATE * gradient
            new[name] = weight + new[f"v_{name}"]
        return loss, new

    @staticmethod
    def numpy(np, x, t, **state):
        w1, b1, w2, b2, w3, b3 = (state[name] for name in TrainingStep.parameters)
        h1 = np.maximum(x @ w1 + b1, 0)
        h2 = np.maximum(h1 @ w2 + b2, 0)
        z = h2 @ w3 + b3
        z -= z.max(axis=1, keepdims=True)
        d = np.exp(z)
        total = d.sum(axis=1, keepdims=True)
        rows = np.arange(len(x))
        loss = (np.log(total[:, 0]) - z[rows, t]).mean()
        d /= total
        d[rows, t] -= 1
        d /= len(x)
        gradients = {"w3": h2.T @ d, "b3": d.sum(axis=0)}
        d = (d @ w3.T) * (h2 > 0)
        gradients |= {"w2": h1.T @ d, "b2": d.sum(axis=0)}
        d = (d @ w2.T) * (h1 > 0)
        gradients |= {"w1": x.T @ d, "b1": d.sum(axis=0)}
        for name, gradient in gradients.items():
            velocity = state[f"v_{name}"]
            velocity *= MOMENTUM
            velocity -= RATE * gradient
            state[name] += velocity
        return loss

    @staticmethod
    def jax(jax, x, t, **state):
        np = jax.numpy

        def loss(weights):
            h = jax.nn.relu(x @ weights["w1"] + weights["b1"])
            h = jax.nn.relu(h @ weights["w2"] + weights["b2"])
            logp = jax.nn.log_softmax(h @ weights["w3"] + weights["b3"], axis=1)
            return -logp[np.arange(len(t)), t].mean()

        weights = {name: state[name] for name in TrainingStep.parameters}
        value, gradients = jax.value_and_grad(loss)(weights)
        velocities = {f"v_{n}": MOMENTUM * state[f"v_{n}"] - RATE * gradients[n] for n in weights}
        return value, {**velocities, **{n: weights[n] + velocities[f"v_{n}"] for n in weights}}

    @staticmethod
    def torch(torch, x, t, **state):
        F = torch.nn.functional
        weights = {name: state[name].requires_grad_() for name in TrainingStep.parameters}
        h = F.relu(x @ weights["w1"] + weights["b1"])
        h = F.relu(h @ weights["w2"] + weights["b2"])
        loss = F.cross_entropy(h @ weights["w3"] + weights["b3"], t)
        gradients = torch.autograd.grad(loss, list(weights.values()))
        with torch.no_grad():
            for (name, weight), gradient in zip(weights.items(), gradients):
                velocity = state[f"v_{name}"]
                velocity.mul_(float(MOMENTUM)).sub_(gradient, alpha=float(RATE))
                weight.add_(velocity)
        return loss.detach()

    @staticmethod
    def pytensor(pt, x, t, **state):
        w1, b1, w2, b2, w3, b3 = weights = [state[name] for name in TrainingStep.parameters]
        zero = pt.cast(0, x.dtype)
        h = pt.maximum(x @ w1 + b1, zero)
        h = pt.maximum(h @ w2 + b2, zero)
        loss = -pt.special.log_softmax(h @ w3 + b3, axis=1)[pt.arange(t.shape[0]), t].mean()
        new = {}
        for name, weight, gradient in zip(TrainingStep.parameters, weights, pt.grad(loss, weights)):
            new[f"v_{name}"] = (MOMENTUM * state[f"v_{name}"] - RATE * gradient).astype(weight.dtype)
            new[name] = weight + new[f"v_{name}"]
        return loss, new


class Attention(Kind):
    """Vaswani et al. (2017): batch x heads x length x width."""

    title = "attention, forward"
    hand = "attention"
    blas = True

    @staticmethod
    def sample(rng, dtype, batch, heads, length, width):
        return {name: normal(rng, dtype, batch, heads, length, width) for name in "qkv"}

    @staticmethod
    def sizes(arguments):
        batch, heads, length, width = arguments["q"].shape
        return batch * heads, length, arguments["k"].shape[2], width

    @staticmethod
    def symtensor(st, q, k, v):
        scores = q @ k.swapaxes(-1, -2) / st.sqrt(st.cast(q.shape[-1], q.dtype))
        e = st.exp(scores)
        return e / e.sum(axis=-1, keepdims=True) @ v

    @staticmethod
    def numpy(np, q, k, v):
        scores = q @ k.swapaxes(-1, -2)
        scores /= np.sqrt(q.shape[-1])
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        return scores @ v

    @staticmethod
    def jax(jax, q, k, v):
        scores = q @ k.swapaxes(-1, -2) / jax.numpy.sqrt(q.shape[-1]).astype(q.dtype)
        return jax.nn.softmax(scores, axis=-1) @ v

    @staticmethod
    def torch(torch, q, k, v):
        return torch.nn.functional.scaled_dot_product_attention(q, k, v)

    @staticmethod
    def pytensor(pt, q, k, v):
        scores = q @ k.swapaxes(-1, -2) / pt.sqrt(pt.cast(q.shape[-1], q.dtype))
        return pt.special.softmax(scores, axis=-1) @ v


class AttentionGradient(Attention):
    """With the gradients in q, k and v of the result contracted with a slope."""

    title = "attention, forward and backward"
    hand = "attention_gradient"

    @staticmethod
    def sample(rng, dtype, batch, heads, length, width):
        return {name: normal(rng, dtype, batch, heads, length, width) for name in ("q", "k", "v", "slope")}

    @staticmethod
    def symtensor(st, q, k, v, slope):
        out = Attention.symtensor(st, q, k, v)
        return out, *st.grad((out * slope).sum(), [q, k, v])

    @staticmethod
    def numpy(np, q, k, v, slope):
        scale = 1 / np.sqrt(q.shape[-1]).astype(q.dtype)
        p = q @ k.swapaxes(-1, -2)
        p *= scale
        p -= p.max(axis=-1, keepdims=True)
        np.exp(p, out=p)
        p /= p.sum(axis=-1, keepdims=True)
        ds = slope @ v.swapaxes(-1, -2)
        ds -= (ds * p).sum(axis=-1, keepdims=True)
        ds *= p
        ds *= scale
        return p @ v, ds @ k, ds.swapaxes(-1, -2) @ q, p.swapaxes(-1, -2) @ slope

    @staticmethod
    def jax(jax, q, k, v, slope):
        out, back = jax.vjp(functools.partial(Attention.jax, jax), q, k, v)
        return out, *back(slope)

    @staticmethod
    def torch(torch, q, k, v, slope):
        q, k, v = (value.detach().requires_grad_() for value in (q, k, v))
        out = Attention.torch(torch, q, k, v)
        return out.detach(), *torch.autograd.grad(out, (q, k, v), slope)

    @staticmethod
    def pytensor(pt, q, k, v, slope):
        out = Attention.pytensor(pt, q, k, v)
        return out, *pt.grad((out * slope).sum(), [q, k, v])


class Embedding(Kind):
    """Means of embedded words, a dense layer, and one step of descent that touches only the words that occur."""

    title = "embedding bag, dense layer, sparse update: vocabulary, width, batch, words, classes"
    limit = (
        "The class of a row is picked at t.shape[0] positions, which nothing makes equal to the number of rows, "
        "so the gradient stays a scatter with a check of its own."
    )
    hand = "embedding"
    blas = True
    state = ("table", "w", "b")
    tolerance = {"float32": 1e-4, "float64": 1e-10}

    @staticmethod
    def sample(rng, dtype, vocabulary, width, batch, words, classes):
        return {
            "ids": rng.integers(0, vocabulary, (batch, words)),
            "t": rng.integers(0, classes, batch),
            "table": normal(rng, dtype, vocabulary, width),
            "w": normal(rng, dtype, width, classes) * numpy.asarray(width**-0.5, dtype),
            "b": numpy.zeros(classes, dtype),
        }

    @staticmethod
    def sizes(arguments):
        return (*arguments["ids"].shape, *arguments["w"].shape, len(arguments["table"]))

    @staticmethod
    def symtensor(st, ids, t, table, w, b):
        rows = st.take(table, ids, axis=0)
        z = rows.mean(axis=1) @ w + b
        logp = z - st.log(st.exp(z).sum(axis=1, keepdims=True))
        loss = -logp[st.arange(t.shape[0]), t].mean()
        d_rows, dw, db = st.grad(loss, [rows, w, b])
        return loss, {"table": table[ids].add(-RATE * d_rows), "w": w - RATE * dw, "b": b - RATE * db}

    @staticmethod
    def numpy(np, ids, t, table, w, b):
        batch, words = ids.shape
        pooled = table[ids].mean(axis=1)
        z = pooled @ w + b
        z -= z.max(axis=1, keepdims=True)
        d = np.exp(z)
        total = d.sum(axis=1, keepdims=True)
        rows = np.arange(batch)
        loss = (np.log(total[:, 0]) - z[rows, t]).mean()
        d /= total
        d[rows, t] -= 1
        d /= batch
        d_pooled = (d @ w.T) * (-RATE / words)
        w -= RATE * (pooled.T @ d)
        b -= RATE * d.sum(axis=0)
        np.add.at(table, ids, d_pooled[:, None, :])
        return loss

    @staticmethod
    def jax(jax, ids, t, table, w, b):
        np = jax.numpy

        def loss(rows, w, b):
            logp = jax.nn.log_softmax(rows.mean(axis=1) @ w + b, axis=1)
            return -logp[np.arange(len(t)), t].mean()

        value, (d_rows, dw, db) = jax.value_and_grad(loss, (0, 1, 2))(table[ids], w, b)
        return value, {"table": table.at[ids].add(-RATE * d_rows), "w": w - RATE * dw, "b": b - RATE * db}

    @staticmethod
    def torch(torch, ids, t, table, w, b):
        rows = table.detach()[ids].requires_grad_()
        w, b = w.requires_grad_(), b.requires_grad_()
        loss = torch.nn.functional.cross_entropy(rows.mean(dim=1) @ w + b, t)
        d_rows, dw, db = torch.autograd.grad(loss, (rows, w, b))
        with torch.no_grad():
            table.index_add_(0, ids.flatten(), d_rows.flatten(0, 1), alpha=-float(RATE))
            w.sub_(dw, alpha=float(RATE))
            b.sub_(db, alpha=float(RATE))
        return loss.detach()

    @staticmethod
    def torch_layer(torch, ids, t, table, w, b):
        """With torch's own layer for this, whose gradient is a sparse tensor."""
        for value in (table, w, b):
            value.requires_grad_()
            value.grad = None
        pooled = torch.nn.functional.embedding_bag(ids, table, mode="mean", sparse=True)
        loss = torch.nn.functional.cross_entropy(pooled @ w + b, t)
        loss.backward()
        with torch.no_grad():
            for value in (table, w, b):
                value.add_(value.grad, alpha=-float(RATE))
        return loss.detach()

    @staticmethod
    def pytensor(pt, ids, t, table, w, b):
        rows = table[ids]
        loss = -pt.special.log_softmax(rows.mean(axis=1) @ w + b, axis=1)[pt.arange(t.shape[0]), t].mean()
        d_rows, dw, db = pt.grad(loss, [rows, w, b])
        new = {"table": pt.inc_subtensor(table[ids], -RATE * d_rows), "w": w - RATE * dw, "b": b - RATE * db}
        return loss, {name: value.astype(table.dtype) for name, value in new.items()}


class ConvolutionStep(Kind):
    """A step of plain descent of a small convolutional network: 5x5 convolutions, 28x28 images."""

    title = "convolutional network, training step: batch, image, filters"
    missing = "no convolution op yet"
    parameters = ("w1", "w2", "w3")
    state = parameters
    tolerance = {"float32": 1e-3, "float64": 1e-9}

    @staticmethod
    def sample(rng, dtype, batch, size, first, second):
        inner = ((size - 4) // 2 - 4) // 2
        shapes = {"w1": (first, 1, 5, 5), "w2": (second, first, 5, 5), "w3": (second * inner**2, 10)}
        fan_in = {"w1": 25, "w2": 25 * first, "w3": second * inner**2}
        weights = {n: normal(rng, dtype, *s) * numpy.asarray(fan_in[n] ** -0.5, dtype) for n, s in shapes.items()}
        return {"x": normal(rng, dtype, batch, 1, size, size), "t": rng.integers(0, 10, batch), **weights}

    @staticmethod
    def numpy(np, x, t, w1, w2, w3):
        """Convolutions as products with patches; the maximum of each 2x2 block, first of equals."""

        def patches(x):
            windows = np.lib.stride_tricks.sliding_window_view(x, (5, 5), axis=(2, 3))
            n, c, h, w = windows.shape[:4]
            return windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * h * w, c * 25), (n, h, w)

        def forward(x, weight):
            columns, (n, h, w) = patches(x)
            z = (columns @ weight.reshape(len(weight), -1).T).reshape(n, h // 2, 2, w // 2, 2, -1)
            blocks = z.transpose(0, 5, 1, 3, 2, 4).reshape(n, len(weight), h // 2, w // 2, 4)
            which = blocks.argmax(axis=-1)[..., None]
            top = np.take_along_axis(blocks, which, -1)[..., 0]
            return columns, which, top, np.maximum(top, 0)

        def backward(d, columns, which, top, weight):
            n, c, h, w = d.shape
            blocks = np.zeros((n, c, h, w, 4), d.dtype)
            np.put_along_axis(blocks, which, (d * (top > 0))[..., None], -1)
            dz = blocks.reshape(n, c, h, w, 2, 2).transpose(0, 2, 4, 3, 5, 1).reshape(-1, c)
            return dz, (dz.T @ columns).reshape(weight.shape)

        c1, i1, top1, h1 = forward(x, w1)
        c2, i2, top2, h2 = forward(h1, w2)
        features = h2.reshape(len(x), -1)
        z = features @ w3
        z -= z.max(axis=1, keepdims=True)
        d = np.exp(z)
        total = d.sum(axis=1, keepdims=True)
        rows = np.arange(len(x))
        loss = (np.log(total[:, 0]) - z[rows, t]).mean()
        d /= total
        d[rows, t] -= 1
        d /= len(x)
        dw3, d = features.T @ d, (d @ w3.T).reshape(h2.shape)
        dz, dw2 = backward(d, c2, i2, top2, w2)
        n, size = len(x), h1.shape[2] - 4
        d_columns = (dz @ w2.reshape(len(w2), -1)).reshape(n, size, size, w2.shape[1], 5, 5)
        d = np.zeros_like(h1)
        for i in range(5):
            for j in range(5):
                d[:, :, i : i + size, j : j + size] += d_columns[..., i, j].transpose(0, 3, 1, 2)
        _, dw1 = backward(d, c1, i1, top1, w1)
        for weight, gradient in ((w1, dw1), (w2, dw2), (w3, dw3)):
            weight -= RATE * gradient
        return loss

    @staticmethod
    def jax(jax, x, t, **weights):
        np = jax.numpy

        def layer(x, weight):
            z = jax.lax.conv(x, weight, (1, 1), "VALID")
            z = jax.lax.reduce_window(z, -np.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
            return jax.nn.relu(z)

        def loss(weights):
            h = layer(layer(x, weights["w1"]), weights["w2"])
            logp = jax.nn.log_softmax(h.reshape(len(x), -1) @ weights["w3"], axis=1)
            return -logp[np.arange(len(t)), t].mean()

        value, gradients = jax.value_and_grad(loss)(weights)
        return value, {name: weights[name] - RATE * gradients[name] for name in weights}

    @staticmethod
    def torch(torch, x, t, **weights):
        F = torch.nn.functional
        values = [weight.requires_grad_() for weight in weights.values()]
        h = F.relu(F.max_pool2d(F.conv2d(x, values[0]), 2))
        h = F.relu(F.max_pool2d(F.conv2d(h, values[1]), 2))
        loss = F.cross_entropy(h.flatten(1) @ values[2], t)
        gradients = torch.autograd.grad(loss, values)
        with torch.no_grad():
            for weight, gradient in zip(values, gradients):
                weight.sub_(gradient, alpha=float(RATE))
        return loss.detach()
