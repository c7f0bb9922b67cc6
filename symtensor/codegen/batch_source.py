"""The C text of a batch: a function for one entry, its call for all of them, and the memory of each worker.

Entries run at the same time where there are enough to keep all workers busy, or where one is too small to be shared;
then what a step would do in parallel runs on the entry's own worker.  Otherwise entries run one after the other and
each step is shared.  No bit depends on which: the pieces of a step are a function of sizes alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from symtensor.codegen.buffers import Layout, plan_private
from symtensor.codegen.library import GEMM_WORK, WHOLE
from symtensor.codegen.loop_ir import Kernel
from symtensor.codegen.program import Batch, Gemm, Launch, Program, all_steps
from symtensor.ir import size as sz
from symtensor.ir.size import SizeLike

SLOT = 48  # arena slot of the memory of all batches
MEMORY = "batch_memory"
BYTES = "batch_bytes"  # of each worker


def worker_bytes(program: Program, scratch: Callable[[Kernel], SizeLike]) -> SizeLike:
    """Bytes that each worker needs for the batches of a Program: private buffers, then scratch memory of kernels.

    Args:
        program: whose batches never overlap in time, so that they share the memory.
        scratch: bytes of scratch memory that a kernel needs.
    """
    most: SizeLike = 0
    for batch in all_steps(program.steps):
        if isinstance(batch, Batch):
            kernels = [s.kernel for s in all_steps(batch.body) if isinstance(s, Launch)]
            needed: SizeLike = 0
            for kernel in kernels:
                needed = sz.maximum(needed, scratch(kernel))
            most = sz.maximum(most, sz.add(plan_private(program, batch).total, needed))
    return most


class BatchSource:
    """Text for one batch.

    Args:
        step: the batch.
        layout: of its private buffers.
        types: C types of the private buffers' elements.
        size: prints a size as C.
        around: declarations (type, name) of all that is visible in the entry; what the body mentions is handed on.
    """

    def __init__(
        self,
        step: Batch,
        layout: Layout,
        types: dict[str, str],
        size: Callable[[SizeLike], str],
        around: Sequence[tuple[str, str]],
    ) -> None:
        self._step, self._layout = step, layout
        self._types, self._size, self._around = types, size, around
        self._given: list[tuple[str, str]] = []

    def functions(self, body: Sequence[str]) -> list[str]:
        """The functions behind the call.

        Args:
            body: lines of the steps, two blanks in.
        """
        name, entry = self._step.name, self._step.var.label
        offsets = self._layout.offsets()
        types = self._types
        places = [f"  {types[n]} *const {n} = ({types[n]} *)(memory + {self._size(at)});" for n, at in offsets.items()]
        scratch = [f"  char *const scratch = memory + {self._size(self._layout.total)};"]
        lines = [*places, *(scratch if re.search(r"\bscratch\b", "\n".join(body)) else []), *body]
        words = set(re.findall(r"\w+", "\n".join(lines)))
        self._given = [(t, n) for t, n in self._around if n in words]
        return [
            f"/* {name}: one entry after another, what lies between the steps in memory of the worker's own */",
            "typedef struct {",
            "  st_ctx *ctx;",
            *(f"  {t}{n};" for t, n in self._given),
            "  char *memory;",
            "  int64_t bytes_each;",
            f"}} {name}_arguments;",
            f"static int {name}_steps(st_ctx *ctx, const {name}_arguments *given, char *memory, int64_t {entry}) {{",
            *(f"  {t}const {n} = given->{n};" if "*" in t else f"  const {t}{n} = given->{n};" for t, n in self._given),
            f"  (void){entry};",
            *lines,
            "  return 0;",
            "}",
            f"static int {name}_entry(void *argument, int64_t entry, int64_t worker) {{",
            f"  const {name}_arguments *given = argument;",
            "  st_ctx alone = *given->ctx;",
            "  alone.workers = 1;",
            f"  if (!{name}_steps(&alone, given, given->memory + worker * given->bytes_each, entry)) return 0;",
            "  given->ctx->error = alone.error;",
            "  return 1;",
            "}",
            f"static int {name}(const {name}_arguments *given, int64_t entries, int64_t work) {{",
            "  const int64_t workers = given->ctx->workers;",
            f"  const int apart = entries >= 2 * workers || (entries > 1 && work < {WHOLE});",
            f"  if (workers > 1 && apart && entries * work >= {GEMM_WORK})",
            f"    return given->ctx->parallel(given->ctx, {name}_entry, (void *)given, entries);",
            "  for (int64_t entry = 0; entry < entries; ++entry)",
            f"    if ({name}_steps(given->ctx, given, given->memory, entry)) return 1;",
            "  return 0;",
            "}",
            "",
        ]  # fmt: skip

    def call(self, indent: str) -> list[str]:
        """Lines in the entry."""
        name = self._step.name
        work: SizeLike = 0
        for product in all_steps(self._step.body):
            if isinstance(product, Gemm):
                work = sz.maximum(work, sz.product([product.rows, product.columns, product.inner]))
        given = ", ".join(["ctx", *(n for _, n in self._given), MEMORY, BYTES])
        arguments = f"&({name}_arguments){{{given}}}, {self._size(self._step.var.extent)}, {self._size(work)}"
        return [f"{indent}if ({name}({arguments})) return 1;"]


__all__ = ["BYTES", "MEMORY", "SLOT", "BatchSource", "worker_bytes"]
