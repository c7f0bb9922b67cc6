"""Nothing outside of an array is read, not even a value that is then dropped: the next page may not exist.

Both sides of a select are computed in vectors, so the index of a load is clamped where its value is not wanted.  Arrays
end here where a page ends, before one that no process may read; the work is done in a process that may die of it.
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import symtensor as st

PROGRAM = """
import ctypes, mmap
import numpy as np
import symtensor as st

PAGE = mmap.PAGESIZE
memory = mmap.mmap(-1, 2 * PAGE)
address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
libc = ctypes.CDLL(None)
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
assert libc.mprotect(address + PAGE, PAGE, 0) == 0
page = np.frombuffer(memory, "f8", PAGE // 8)

x = st.vector("x")
outputs = {
    "pad": st.pad(x, 2),
    "pad of a part": st.pad(x[2:], 1),
    "parts": st.concatenate([x, x[1:]]),
    "other parts": st.concatenate([x[2:], x, x[:-1]]),
    "set": x[1:].set(x[1:] * 2),
    "stencil": x[2:-2].set(x[:-4] + x[4:]),
    "roll": st.concatenate([x[1:], x[:1]]),
    "stack": st.stack([x, x[::-1]]),
    "nested": st.pad(st.concatenate([x[1:], st.exp(x)[3:]]), 1),
    "reversed": x[::-1] + 1,
    "step": x[::3] * 2,
    "sum": st.pad(x[1:], 1).sum(),
}
for name, output in outputs.items():
    function = st.compile(output, [x], target="c")
    interpreted = st.compile(output, [x], target="numpy")
    for n in (0, 1, 2, 3, 4, 5, 7, 8, 9, 17, 70):
        print(name, n, flush=True)
        end = page[PAGE // 8 - n :]
        assert np.allclose(function(end), interpreted(end))
print("done")
"""


def test_arrays_at_the_end_of_a_page() -> None:
    result = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=300, check=False)
    lines = result.stdout.splitlines()
    assert result.returncode == 0, f"died of signal {-result.returncode} after {lines[-1:]}: {result.stderr[-800:]}"
    assert lines[-1] == "done"


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0), (1, 1), (2, 1)])
def test_results_from_empty_parts(shape: tuple[int, int]) -> None:
    x = st.matrix("x")
    outputs = [
        st.pad(x, 1), st.concatenate([x, x[1:]], axis=0), st.concatenate([x[:, 1:], x], axis=1),
        st.pad(x[1:, 1:], ((0, 2), (1, 0))),
        x[1:].set(x[1:] * 2), st.stack([x, x + 1]), st.pad(st.exp(x), 2).sum(axis=0),
    ]  # fmt: skip
    value = np.random.default_rng(0).normal(size=shape)
    for got, want in zip(st.compile(outputs, [x], target="c")(value), st.compile(outputs, [x], target="numpy")(value)):
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want)
