"""Train a small network on handwritten digits, and look at what the compiler made of its training step.

usage: python examples/digits.py     (or: make demo)

The data are the 1,797 images of 8 x 8 pixels that scikit-learn ships; 360 of them are held out.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

import symtensor as st

HIDDEN, BATCH, EPOCHS = 256, 32, 15
RATE, MOMENTUM = np.float32(0.05), np.float32(0.9)
GOAL = 0.97


def load() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return training and held-out images and labels; each training image also appears moved by one pixel each way."""
    digits = load_digits()
    images = (digits.data / 16).astype("float32")
    x, x_held, t, t_held = train_test_split(
        images, digits.target.astype("int64"), test_size=360, stratify=digits.target, random_state=0
    )
    moved = [x]
    for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        framed = np.pad(x.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
        moved.append(np.roll(framed, (dy, dx), axis=(1, 2))[:, 1:-1, 1:-1].reshape(-1, 64))
    return np.concatenate(moved), x_held, np.tile(t, len(moved)), t_held


def initial_parameters() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    shapes = {"w1": (64, HIDDEN), "b1": (HIDDEN,), "w2": (HIDDEN, 10), "b2": (10,)}
    scale = {2: lambda shape: np.sqrt(2 / shape[0]), 1: lambda shape: 0.0}
    return [(rng.normal(size=shape) * scale[len(shape)](shape)).astype("float32") for shape in shapes.values()]


def build() -> tuple[st.Function, st.Function]:
    """Return the training step and the predictor: the formulas are written as in a textbook."""
    x, t = st.fmatrix("x"), st.lvector("t")
    w1, b1, w2, b2 = parameters = [st.shared(p, n) for p, n in zip(initial_parameters(), ("w1", "b1", "w2", "b2"))]
    velocities = [st.shared(np.zeros_like(p.get_value()), f"velocity_{p.name}") for p in parameters]

    hidden = st.maximum(x @ w1 + b1, 0)
    logits = hidden @ w2 + b2
    probability = st.exp(logits) / st.exp(logits).sum(axis=1, keepdims=True)
    loss = -(st.log(probability) * st.one_hot(t, 10, dtype="float32")).sum(axis=1).mean()

    updates = {}
    for parameter, velocity, gradient in zip(parameters, velocities, st.grad(loss, parameters)):
        moved = MOMENTUM * velocity - RATE * gradient
        updates[velocity] = moved
        updates[parameter] = parameter + moved
    return st.compile(loss, [x, t], updates=updates, name="step"), st.compile(
        logits.argmax(axis=1), [x], name="predict"
    )


def numpy_step() -> Callable[[np.ndarray, np.ndarray], np.floating]:
    """The same step as a NumPy user writes it, gradients derived by hand."""
    parameters = initial_parameters()
    velocities = [np.zeros_like(p) for p in parameters]

    def step(x: np.ndarray, t: np.ndarray) -> np.floating:
        w1, b1, w2, b2 = parameters
        hidden = np.maximum(x @ w1 + b1, 0)
        logits = hidden @ w2 + b2
        logits -= logits.max(axis=1, keepdims=True)
        e = np.exp(logits)
        total = e.sum(axis=1, keepdims=True)
        rows = np.arange(len(t))
        loss = (np.log(total[:, 0]) - logits[rows, t]).mean()
        d_logits = e / total
        d_logits[rows, t] -= 1
        d_logits /= np.float32(len(t))
        d_hidden = (d_logits @ w2.T) * (hidden > 0)
        gradients = [x.T @ d_hidden, d_hidden.sum(axis=0), hidden.T @ d_logits, d_logits.sum(axis=0)]
        for parameter, velocity, gradient in zip(parameters, velocities, gradients):
            velocity *= MOMENTUM
            velocity -= RATE * gradient
            parameter += velocity
        return loss

    return step


def train(step: Callable[..., np.floating], x: np.ndarray, t: np.ndarray) -> None:
    rng = np.random.default_rng(2)
    with tqdm(total=EPOCHS * -(-len(x) // BATCH), unit="step", desc="training") as bar:
        for epoch in range(EPOCHS):
            order = rng.permutation(len(x))
            losses = []
            for start in range(0, len(x), BATCH):  # the last batch is smaller: the same compiled function takes it
                batch = order[start : start + BATCH]
                losses.append(float(step(x[batch], t[batch])))
                bar.update()
            bar.set_postfix(epoch=epoch + 1, loss=f"{statistics.mean(losses):.4f}")


def time_in_turn(contenders: dict[str, Callable[[], object]], rounds: int = 25, calls: int = 20) -> dict[str, float]:
    """Median seconds of a call; the contenders take turns, so that the machine's drift hits them alike."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, call in contenders.items():
            call()
            start = time.perf_counter()
            for _ in range(calls):
                call()
            seconds[name].append((time.perf_counter() - start) / calls)
    return {name: statistics.median(values) for name, values in seconds.items()}


def head(text: object, lines: int = 14, width: int = 160) -> str:
    """The first lines of a text, and how many follow."""
    all_lines = [line if len(line) <= width else f"{line[: width - 3]}..." for line in str(text).splitlines()]
    more = [f"... {len(all_lines) - lines} more lines"] if len(all_lines) > lines else []
    return "\n".join([*all_lines[:lines], *more])


def main() -> int:
    x, x_held, t, t_held = load()
    start = time.perf_counter()
    step, predict = build()
    print(f"built, differentiated and compiled in {time.perf_counter() - start:.2f} s")

    first, check = step(x[:BATCH], t[:BATCH]), numpy_step()(x[:BATCH], t[:BATCH])
    assert np.isclose(first, check, rtol=1e-5), f"the first loss is {first}, NumPy says {check}"
    train(step, x, t)
    accuracy = float((predict(x_held) == t_held).mean())

    print(f"\n--- the step as the compiler sees it\n{head(step.graph)}")
    print(f"\n--- its kernels\n{head(step.kernels, 9)}")
    rewrites = step.explain().rewrites
    print(f"\n--- one rewrite of {len(rewrites)}")
    print(next(rewrite for rewrite in rewrites if rewrite.stage == "stabilise"))
    print(f"\n--- the generated C lies in\n{step.compile_report.path}")
    page = Path(tempfile.mkdtemp(prefix="symtensor-")) / "digits.html"
    print(f"\n--- all of it as one HTML page\n{st.view(step, page)}")
    print(f"\n--- where the time of a step goes\n{step.profile(x[:BATCH], t[:BATCH])}")
    xb, tb, by_numpy = x[:BATCH], t[:BATCH], numpy_step()
    seconds = time_in_turn({"symtensor": lambda: step(xb, tb), "NumPy": lambda: by_numpy(xb, tb)})
    ours, theirs = 1e6 * seconds["symtensor"], 1e6 * seconds["NumPy"]
    print(f"\n--- a step of {BATCH} images")
    print(f"symtensor {ours:.0f} us, NumPy {theirs:.0f} us: {theirs / ours:.1f} times as fast")
    print(f"\naccuracy on {len(x_held)} held-out digits: {accuracy:.2%} (goal: {GOAL:.0%})")
    return int(accuracy < GOAL)


if __name__ == "__main__":
    sys.exit(main())
