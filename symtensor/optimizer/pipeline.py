"""The optimizer's table of contents: its passes in the order in which they run.

What comes in is the graph as the user wrote it; what goes out is an equal graph in which expressions have one form,
constants are folded, digits are kept, loops do no work twice, and each operation is the cheapest that gives the result.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from operator import is_

from symtensor.ir.collector import collector_paused
from symtensor.ir.graph import Graph, substitute, toposort
from symtensor.ir.node import Tensor, new_leaf
from symtensor.ir.pattern import Rule
from symtensor.ir.rewrite import kind_of, rewrite, rule_index
from symtensor.ir.text import graph_text
from symtensor.ir.trace import Trace
from symtensor.ir.verify import verify_rewritten
from symtensor.ops.declare import INPUT
from symtensor.optimizer import (
    algebra,
    canonicalize,
    determinants,
    differences,
    exponentials,
    factorisations,
    fold,
    implicit,
    kinks,
    linalg,
    moments,
    movement,
    one_per_row,
    rows,
    specialize,
    stabilize,
)
from symtensor.optimizer.commuted import merge_commuted
from symtensor.optimizer.found_sizes import tie_sizes, untie_sizes
from symtensor.options import Options
from symtensor.records import dataclass

Outputs = Sequence[Tensor]

CANONICAL = (*canonicalize.RULES, *movement.RULES, *algebra.RULES)
STABLE = (*rows.RULES, *determinants.RULES, *stabilize.RULES, *differences.RULES, *exponentials.RULES)


@dataclass(frozen=True)
class Pass:
    """One step of the optimizer: rules applied to a fixpoint, or a function from outputs to outputs.

    Attributes:
        name: by which it is excluded and printed.
        rules: what is rewritten; without a node that they could match the pass is skipped.
        along: rules that keep the form that earlier passes made.
        change: the function from outputs and their nodes, where it is no rewriting.
        loops: whether there is nothing to do in a graph without loops and branches.
    """

    name: str
    rules: tuple[Rule, ...] = ()
    along: tuple[Rule, ...] = ()
    change: Callable[[Outputs, list[Tensor]], Outputs] | None = None
    loops: bool = False


def _simplify_loops(outputs: Outputs, _: list[Tensor]) -> Outputs:
    from symtensor.optimizer.loops import simplify_loops

    return simplify_loops(outputs)


def _prepare_loops(outputs: Outputs, stand_ins: dict[Tensor, Tensor]) -> Outputs:
    """The outputs with leaves in the place of nodes, in loops and branches too, and loops ready for a derivative."""
    if not any(node.op.kind == "loop" for node in toposort(outputs)):
        return substitute(outputs, stand_ins)
    from symtensor.optimizer.loop_graphs import expose
    from symtensor.optimizer.loops import prepare_loops

    return prepare_loops(substitute(expose(outputs, set(stand_ins)), stand_ins))


PASSES = (
    Pass("implicit", implicit.RULES),
    Pass("merge", change=merge_commuted),
    Pass("canonicalise", CANONICAL),
    Pass("fold", fold.RULES, CANONICAL),
    Pass("stabilise", STABLE, (*CANONICAL, *fold.RULES)),
    Pass("loops", change=_simplify_loops, loops=True),
    Pass("linalg", (*linalg.RULES, *factorisations.RULES), (*CANONICAL, *fold.RULES)),
    Pass("moments", moments.RULES, movement.RULES),
    Pass("rows", one_per_row.RULES, (*CANONICAL, *fold.RULES)),
    Pass("specialise", (*specialize.RULES, *fold.LAST), movement.RULES),
    Pass("merge again", change=merge_commuted),
)
_BEFORE_GRAD = (
    *(p for p in PASSES if p.name in ("merge", "canonicalise", "fold", "stabilise")),
    Pass("kinks", kinks.RULES),
)
# Products whose derivative is a sum that cancels, where that of what they stand for is not.
_AFTER_GRAD = frozenset({"square_minus_square", "log_of_product_near_one"})
RULES = tuple(dict.fromkeys(rule for step in (*PASSES, *_BEFORE_GRAD) for rule in (*step.rules, *step.along)))
"""Every rule of the optimizer."""


def optimize(graph: Graph, options: Options) -> tuple[Graph, Trace]:
    """Run all passes.

    Args:
        graph: outputs as functions of inputs.
        options: which rules may fire, which are added, whether the verifier runs after each pass.

    Returns:
        The graph over the same inputs, and the trace of all rewrites.

    Raises:
        RewriteError: if rules of the user loop.
    """
    trace = Trace()
    with collector_paused():
        outputs: Outputs = tie_sizes(graph.outputs)
        outputs = _run_all(_with_user_rules(options.rules), outputs, options, trace, graph.inputs)  # type: ignore[arg-type]
        outputs = untie_sizes(outputs)
    if "rewrites" in options.debug:
        print(trace, file=sys.stderr)
    return graph.map_outputs(lambda _: outputs), trace


def prepare_for_grad(
    outputs: Iterable[Tensor], opaque: Iterable[Tensor] = (), options: Options | None = None
) -> list[Tensor]:
    """Bring a cost to a form whose derivative is stable, before it is differentiated.

    Args:
        outputs: the cost.
        opaque: tensors that stay as they are and are not looked into: what is differentiated by, and what is held
            constant.
        options: which rules may fire.
    """
    options = options or Options()
    outputs = list(outputs)
    # No rule may see what an opaque tensor is made of: a leaf stands for it meanwhile.
    stand_ins = {t: new_leaf(INPUT, t.type, name=t.name) for t in dict.fromkeys(opaque) if t.op.kind != "source"}
    with collector_paused():
        exposed = _prepare_loops(outputs, stand_ins)
        plain = replace(options, exclude=frozenset(options.exclude) | _AFTER_GRAD)
        changed = _run_all(_BEFORE_GRAD, exposed, plain, Trace())
        return substitute(changed, {leaf: tensor for tensor, leaf in stand_ins.items()})


def _with_user_rules(rules: tuple[Rule, ...]) -> tuple[Pass, ...]:
    """The passes, with the user's rules before all others in the last rewriting."""
    if not rules:
        return PASSES
    return tuple(replace(p, rules=(*rules, *p.rules)) if p.name == "specialise" else p for p in PASSES)


def _run_all(
    passes: Iterable[Pass], outputs: Outputs, options: Options, trace: Trace, inputs: tuple[Tensor, ...] = ()
) -> Outputs:
    graph = _Walked(outputs)
    for step in passes:
        if step.name not in options.exclude:
            changed = _run(step, graph, options, trace)
            if not all(map(is_, changed, outputs)):
                outputs, graph = changed, _Walked(changed)
        if step.name in options.debug:
            print(f"--- {step.name}\n{graph_text(Graph(inputs, tuple(outputs)))}", file=sys.stderr)
    return outputs


class _Walked:
    """Outputs with what their nodes are, which all passes that change nothing share.

    Attributes:
        nodes: all that the outputs need, inputs before users.
        kinds: the ops of all nodes with those of their inputs: a few hundred, however large the graph.
    """

    def __init__(self, outputs: Outputs) -> None:
        self.outputs = outputs
        self.nodes = toposort(outputs)
        self.kinds = dict.fromkeys([kind_of(node) for node in self.nodes])

    def has_loops(self) -> bool:
        """Whether there are loops or branches."""
        return any(kind[0].kind == "loop" for kind in self.kinds)


def _run(step: Pass, graph: _Walked, options: Options, trace: Trace) -> Outputs:
    outputs = graph.outputs
    if step.loops and not graph.has_loops():
        return outputs
    if step.change is not None:
        changed = step.change(outputs, graph.nodes)
        if options.verify:
            verify_rewritten(outputs, changed)
        return changed
    index = rule_index(step.rules, frozenset(options.exclude), frozenset(options.accuracy))
    # Loops are not looked into.
    if not graph.has_loops() and not any(map(index.candidates, graph.kinds)):
        return outputs
    return rewrite(
        outputs, (*step.rules, *step.along), trace=trace, exclude=options.exclude, accuracy=options.accuracy,
        verify=options.verify, nodes=graph.nodes,
    )  # fmt: skip
