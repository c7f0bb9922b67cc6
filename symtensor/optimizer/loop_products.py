"""Products of matrices out of scans: one large product instead of one small a step.

* A product that does not depend on the carries is computed for all steps before the loop, which reads its rows.
* A sum of products over all steps (the gradient of a weight) is computed after the loop, as one product whose summed
  axes include the steps, from rows that the loop collects.
* A product that is only collected is computed after the loop from the rows of its operands.
* Rows that do not depend on the carries and need no product are computed without a loop.

Products of small states stay where they are: there a loop keeps everything in registers.  So do products in a loop that
ends by a condition, which may read three of a million rows; its derivative is a scan over the steps that it took.
"""

from __future__ import annotations

from collections.abc import Sequence

from symtensor.ir import size as sz
from symtensor.ir.graph import Graph, rebuild, substitute, toposort
from symtensor.ir.node import Tensor, TensorType, new_leaf
from symtensor.ops.control import SCAN, element_type
from symtensor.ops.declare import INPUT
from symtensor.ops.elementwise import add
from symtensor.ops.item import item
from symtensor.ops.slicing import slice_of
from symtensor.optimizer.loop_graphs import Results, map_loops, with_attrs
from symtensor.optimizer.loop_storage import COSTLY_KINDS, elements, is_small
from symtensor.optimizer.step_batches import VIEWS, StepBatches

LARGEST_GROWTH = 16
"""A product is computed for all steps only if it has at most so many times the elements of its operand's row."""


def batch_products(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Move products out of scans where they can be done for all steps at once."""

    def change(node: Tensor, read: set[int]) -> Results | None:
        return _Batching(node, read).results() if node.op is SCAN and not node.attr("checkpoint") else None

    return map_loops(outputs, change)


def _is_product(node: Tensor) -> bool:
    return node.op.kind == "contraction" and not is_small(node)


def _rows_of(sequence: Tensor, steps: object) -> Tensor:
    """As many rows of a sequence as there are steps."""
    rest = sequence.ndim - 1
    return slice_of(sequence, (0,) * (rest + 1), (1,) * (rest + 1), (steps, *sequence.shape[1:]))  # type: ignore[arg-type]


class _Batching:
    """The work on one scan."""

    def __init__(self, node: Tensor, read: set[int]) -> None:
        self.node, self.read = node, read
        self.body: Graph = node.attr("body")
        self.sequences, self.carries, self.steps = (node.attr(a) for a in ("sequences", "carries", "steps"))
        first_constant = self.sequences + self.carries
        leaves = self.body.inputs
        rows = {leaf: _rows_of(s, self.steps) for leaf, s in zip(leaves[: self.sequences], node.inputs)}
        fixed = dict(zip(leaves[first_constant:], node.inputs[first_constant:]))
        self.before = StepBatches(self.steps, rows, fixed, leaves)
        # What is known after the loop: the same, and the rows that it collects.
        self.after = StepBatches(self.steps, rows, fixed, leaves)
        self.collected: dict[Tensor, Tensor] = {}  # nodes collected in addition, with stand-ins for their rows

    def results(self) -> Results | None:
        """What replaces the results of the scan, or None if it stays."""
        sums = self._sums()
        kept = [k for k in range(self.carries) if k not in sums]
        rows = self._rows(kept)
        early = self._early(kept, rows)
        if not (sums or rows or early):
            return None
        new, places = self._rebuilt(kept, rows, early)
        stand_ins = {leaf: item(new, len(kept) + k) for k, leaf in enumerate(self.collected.values(), places)}
        results: list[Tensor | None] = [None] * len(self.node.type)
        for place, k in enumerate(kept):
            results[k] = item(new, place)
        row_place = len(kept)
        for k in range(self.carries, len(self.node.type)):
            if k not in rows:
                results[k] = item(new, row_place)
                row_place += 1
        for k, value in (sums | rows).items():
            results[k] = substitute([value], stand_ins)[0]
        return results

    # ----------------------------------------------------------------------------------------------- after the loop
    def _sums(self) -> dict[int, Tensor]:
        """Final values of the carries that only add up products."""
        users: dict[Tensor, int] = {}
        for inner in self.body.nodes():
            for i in inner.inputs:
                users[i] = users.get(i, 0) + 1
        for output in self.body.outputs:
            users[output] = users.get(output, 0) + 1
        found = {}
        for k in range(self.carries):
            leaf, output = self.body.inputs[self.sequences + k], self.body.outputs[k]
            if output.op is not add or users.get(leaf) != 1 or users[output] != 1:
                continue
            terms = [i for i in output.inputs if i is not leaf]
            total = self._summed(terms[0]) if len(terms) == 1 else None
            if total is not None:
                found[k] = add(self.node.inputs[self.sequences + k], total)
        return found

    def _summed(self, term: Tensor) -> Tensor | None:
        """The sum of a term over all steps, if it is a product (seen through views, which are linear)."""
        views = []
        while term.op in VIEWS:
            views.append(term)
            term = term.inputs[0]
        if not _is_product(term) or elements(term) < max(map(elements, term.inputs)):
            return None
        for operand in term.inputs:
            self._collect(operand)
        if not any(operand in self.after.rows for operand in term.inputs):
            return None
        total = self.after.summed(term)
        for view in reversed(views):
            total = rebuild(view, (total,))
        return total

    def _collect(self, node: Tensor) -> None:
        """Make a value known after the loop, by collecting it or what it is a view of."""
        if self.after.knows(node) and not self._needs_product(node):
            return
        if node.op in VIEWS and node not in self.after.rows:
            self._collect(node.inputs[0])
            if self.after.knows(node):
                return
        if node not in self.after.rows:
            shape = (self.steps, *node.shape)
            stand_in = new_leaf(INPUT, TensorType(node.dtype, shape), name=node.name)
            self.collected[node] = stand_in
            self.after.add_rows(node, stand_in)

    def _needs_product(self, node: Tensor) -> bool:
        known = self.collected.keys() | set(self.body.inputs)
        return any(n.op.kind in COSTLY_KINDS for n in toposort([node], stop=known))

    def _rows(self, kept: Sequence[int]) -> dict[int, Tensor]:
        """Collected results that are computed outside: from sequences alone, or as products of rows."""
        if any(isinstance(a, sz.Bound) for a in sz.atoms(self.steps)):
            return {}  # the rows tie those who read them to the loop that finds the number of steps
        core = set(toposort([self.body.outputs[k] for k in kept]))  # needed in the loop in any case
        found = {}
        for k in range(self.carries, len(self.node.type)):
            row = self.body.outputs[k]
            if k not in self.read or row in self.collected or row in core:
                continue
            product = row
            while product.op in VIEWS:
                product = product.inputs[0]
            if _is_product(product) and self._is_worth_collecting(product):
                for operand in product.inputs:
                    self._collect(operand)
            elif self._needs_product(row) or not self.before.knows(row):
                continue
            if self.after.knows(row) and row in self.after.rows:
                found[k] = self.after.rows[row]
        return found

    def _is_worth_collecting(self, product: Tensor) -> bool:
        """Whether the operands take no more memory than the product, those counted out that are rows anyway."""
        extra = sum(elements(i) for i in product.inputs if not self.after.knows(i))
        return extra <= elements(product)

    # ---------------------------------------------------------------------------------------------- before the loop
    def _early(self, kept: Sequence[int], rows: dict[int, Tensor]) -> dict[Tensor, Tensor]:
        """The last products on the way to what remains that do not depend on the carries, with their rows."""
        remaining = [self.body.outputs[k] for k in (*kept, *range(self.carries, len(self.node.type))) if k not in rows]
        products = {
            inner
            for inner in toposort([*remaining, *self.collected])
            if _is_product(inner) and self._fits(inner) and self.before.knows(inner) and inner in self.before.rows
        }
        reached = toposort([*remaining, *self.collected], stop=products)
        return {inner: self.before.rows[inner] for inner in reached if inner in products}

    def _fits(self, product: Tensor) -> bool:
        return elements(product) <= LARGEST_GROWTH * max(map(elements, product.inputs))

    # ------------------------------------------------------------------------------------------------- putting together
    def _rebuilt(self, kept: Sequence[int], rows: dict[int, Tensor], early: dict[Tensor, Tensor]) -> tuple[Tensor, int]:
        """The scan without what moved out, and the number of rows in front of the additional ones."""
        leaves = {inner: new_leaf(INPUT, element_type(r.type), name=inner.name) for inner, r in early.items()}
        own = [self.body.outputs[k] for k in range(self.carries, len(self.node.type)) if k not in rows]
        outputs = substitute([*(self.body.outputs[k] for k in kept), *own, *self.collected], leaves)
        first_constant = self.sequences + self.carries

        def arranged(given: Sequence[Tensor], added: Sequence[Tensor]) -> tuple[Tensor, ...]:
            states = [given[self.sequences + k] for k in kept]
            return (*given[: self.sequences], *added, *states, *given[first_constant:])

        inputs = arranged(self.node.inputs, list(early.values()))
        body = Graph(arranged(self.body.inputs, list(leaves.values())), tuple(outputs))
        new = with_attrs(self.node, inputs, body=body, sequences=self.sequences + len(early), carries=len(kept))
        return new, len(own)
