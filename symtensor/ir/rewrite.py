"""The rewrite driver: applies rules bottom-up until none matches, each node to its own fixpoint.

A worklist, so deep graphs do not recurse, and linear in practice: a node is visited once all its inputs are final, and
is final itself as soon as no rule matches; what a rule makes is visited the same way.  Rules are screened by the ops of
a node and of its inputs, once per combination.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import is_
from typing import Any

import numpy as np

from symtensor.errors import RewriteError, located
from symtensor.ir.graph import Graph, toposort
from symtensor.ir.node import Op, Site, Tensor, TensorType, caller_sites, describe, intern, op_named
from symtensor.ir.pattern import Rule
from symtensor.ir.trace import Refusal, Step, Trace
from symtensor.ir.verify import verify_rewritten

LIMIT = 100  # rewrites of one node, and of what came out of it, before its rules are said to loop
DEFAULT_ACCURACY = frozenset({"exact", "better"})
Memo = dict[Tensor, Tensor]
Kind = tuple[Op, ...]


def kind_of(node: Tensor) -> Kind:
    """The op of a node and those of its inputs, by which rules are indexed."""
    return (node.op, *[i.op for i in node.inputs])


class RuleIndex:
    """Rules by the ops that they can match; a value that rewriting with the same rules shares."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._of_op: dict[Op, tuple[Rule, ...]] = {}
        self._candidates: dict[Kind, tuple[Rule, ...]] = {}

    def candidates(self, kind: Kind) -> tuple[Rule, ...]:
        """The rules that can match nodes, as far as their op and those of their inputs tell."""
        found = self._candidates.get(kind)
        if found is None:
            op, inputs = kind[0], kind[1:]
            rules = self._of_op.get(op)
            if rules is None:
                rules = self._of_op[op] = tuple([r for r in self.rules if r.takes(op)])
            found = self._candidates[kind] = tuple([r for r in rules if r.screen(op, inputs)])
        return found


@lru_cache(maxsize=32)
def rule_index(rules: tuple[Rule, ...], exclude: frozenset[str], accuracy: frozenset[str]) -> RuleIndex:
    """The index of those rules that are of an allowed accuracy and not excluded by name or stage."""
    return RuleIndex(r for r in rules if r.accuracy in accuracy and r.name not in exclude and r.stage not in exclude)


def rewrite(
    outputs: Iterable[Tensor],
    rules: Sequence[Rule],
    *,
    trace: Trace | None = None,
    memo: Memo | None = None,
    exclude: Iterable[str] = (),
    accuracy: Iterable[str] = DEFAULT_ACCURACY,
    verify: bool = False,
    nodes: Iterable[Tensor] | None = None,
) -> list[Tensor]:
    """Rewrite until no rule matches; dtype and shape of each output stay as they are.

    Args:
        outputs: the tensors to rewrite.
        rules: what may be done; where several match a node, the first fires.
        trace: takes one step for each rewrite.
        memo: results of earlier calls *with the same rules*, extended by this one; a node in it gives no step again.
        exclude: names of rules or stages that do not fire.
        accuracy: classes of rules that may fire.
        verify: check the result against the invariants of the graph.
        nodes: all nodes of the outputs, inputs before users, where the caller has walked them already.

    Raises:
        RewriteError: if rules undo each other, or make ever more work; it names them.
    """
    outputs = list(outputs)
    index = rule_index(tuple(rules), frozenset(exclude), frozenset(accuracy))
    driver = _Driver(index, Trace() if trace is None else trace, {} if memo is None else memo, caller_sites())
    results = driver.rewrite(outputs, nodes)
    if verify:
        verify_rewritten(outputs, results)
    return results


class _Driver:
    """State of one run.

    ``memo`` maps a node to its final form.  ``forward`` maps a node whose rewrite is under way to its replacement.
    ``history`` tells for each replacement how many rewrites led to it, by which rule, and from where.
    """

    def __init__(self, index: RuleIndex, trace: Trace, memo: Memo, here: tuple[Site, ...]) -> None:
        self.index = index
        self.trace = trace
        self.memo = memo
        self.here = here
        self.forward: dict[Tensor, Tensor] = {}
        self.history: dict[Tensor, tuple[int, str, Tensor]] = {}
        self.graphs: dict[Graph, Graph] = {}

    def rewrite(self, outputs: Sequence[Tensor], nodes: Iterable[Tensor] | None = None) -> list[Tensor]:
        memo = self.memo
        for node in toposort(outputs, stop=memo) if nodes is None else nodes:
            if node in memo:
                continue
            stays = node.op.kind != "loop" and all(memo[i] is i for i in node.inputs)
            if stays and not self.index.candidates(kind_of(node)):
                memo[node] = node  # as most nodes of a large graph
            else:
                self._finish(node)
        return [memo[o] for o in outputs]

    def _finish(self, root: Tensor) -> None:
        memo, forward, history = self.memo, self.forward, self.history
        stack = [root]
        while stack:
            node = stack[-1]
            if node in memo:
                stack.pop()
                continue
            replacement = forward.get(node)
            if replacement is not None:
                if replacement not in memo:
                    raise self._loop(node)
                memo[node] = memo[replacement]
                del forward[node]
                stack.pop()
                continue
            waiting = [i for i in node.inputs if i not in memo]
            if waiting:
                if node in history:
                    for i in waiting:
                        history.setdefault(i, history[node])
                waiting.reverse()
                stack.extend(waiting)
                continue
            current = self._with_final_inputs(node)
            if current is not node:
                if node in history:
                    history.setdefault(current, history[node])
                if current in memo:
                    memo[node] = memo[current]
                    stack.pop()
                    continue
                if current in forward:
                    if forward[current] not in memo:
                        raise self._loop(current)
                    memo[node] = memo[current] = memo[forward[current]]
                    stack.pop()
                    continue
            replacement = self._apply_first(current)
            if replacement is None:
                memo[current] = memo[node] = current
                stack.pop()
            else:
                # `node` waits under its replacement, and takes its final form over from it.
                forward[node] = forward[current] = replacement
                if replacement not in memo:
                    stack.append(replacement)

    def _with_final_inputs(self, node: Tensor) -> Tensor:
        """The node over the final forms of its inputs, its inner graphs rewritten as graphs of their own."""
        memo = self.memo
        inputs = tuple([memo[i] for i in node.inputs])
        attrs = node.attrs
        if node.op.kind == "loop":
            attrs = tuple((name, self._inner(v) if isinstance(v, Graph) else v) for name, v in attrs)
            changed = any(a[1] is not b[1] for a, b in zip(attrs, node.attrs))
        else:
            changed = False
        if not changed and all(map(is_, inputs, node.inputs)):
            return node
        new = intern(node.op, inputs, attrs, node.type, node.sites)
        if new.type != node.type:
            # Known already, but defining other sizes (nonzero) than those that other nodes mention.
            new = Tensor(node.op, inputs, attrs, node.type)
        self._hand_on(new, node)
        return new

    def _inner(self, graph: Graph) -> Graph:
        if graph not in self.graphs:
            # Recursion is as deep as loops are nested, not as the graph is.
            self.graphs[graph] = graph.map_outputs(lambda outputs: self.rewrite(outputs))
        return self.graphs[graph]

    def _apply_first(self, node: Tensor) -> Tensor | None:
        """The replacement that the first matching rule makes of a node, noted in the trace."""
        for rule in self.index.candidates(kind_of(node)):
            if isinstance(node.type, TensorType) and node.type.dtype.kind not in rule.kinds:
                continue
            try:
                proposed = rule.apply(node)
            except Exception as error:
                raise RewriteError(
                    located(f"rule {rule.name} failed on {describe(node)}: {error!r}", node.sites)
                ) from error
            if proposed is None or proposed is node:
                continue
            restored = restored_type(proposed, node)
            if isinstance(restored, str):
                self.trace.refusals.append(Refusal(rule.stage, rule.name, restored, node, node.sites))
                continue
            if restored is node:
                continue
            self._remember(rule, node, restored)
            return restored
        return None

    def _remember(self, rule: Rule, before: Tensor, after: Tensor) -> None:
        count = self.history[before][0] + 1 if before in self.history else 1
        if count > LIMIT:
            raise self._loop(before, rule.name)
        if after not in self.memo:
            self.history[after] = (count, rule.name, before)
            self._hand_on_new(after, before)
        self.trace.steps.append(Step(rule.stage, rule.name, rule.doc, rule.accuracy, before, after, before.sites))

    def _hand_on_new(self, root: Tensor, old: Tensor) -> None:
        """Give the nodes that a rule made the place where the user wrote what they stand for."""
        self._hand_on(root, old)
        stack = list(root.inputs)
        seen = set()
        while stack:
            node = stack.pop()
            if node in self.memo or node in seen or node is old:
                continue
            seen.add(node)
            self._hand_on(node, old, named=False)
            stack.extend(node.inputs)

    def _hand_on(self, new: Tensor, old: Tensor, named: bool = True) -> None:
        if new.op.kind == "source":
            return
        if named and new.name is None:
            new.name = old.name
        if new.sites == self.here or not new.sites:
            new.sites = old.sites  # made by this rewriting, so its own site is only where that was asked for
        elif old.sites and old.sites[0] not in new.sites:
            new.sites = (old.sites + tuple(s for s in new.sites if s not in old.sites))[:3]

    def _loop(self, node: Tensor, last: str | None = None) -> RewriteError:
        names = [last] if last else []
        seen = set()
        while node in self.history and node not in seen:
            seen.add(node)
            _, name, node = self.history[node]
            if name not in names:
                names.append(name)
        if len(names) == 1:
            return RewriteError(f"rule {names[0]} matches its own result, again and again\n  hint: exclude it")
        return RewriteError(
            f"rules {', '.join(sorted(names))} undo each other or never come to an end\n  hint: exclude one of them"
        )


def restored_type(proposed: Any, node: Tensor) -> Tensor | str:
    """Bring a proposed replacement to the type of the node it replaces, or say why that cannot be.

    The dtype is restored by a cast that loses nothing, the shape by broadcasting.
    """
    if not isinstance(proposed, Tensor):
        return f"{type(proposed).__name__} is no tensor"
    if proposed.type == node.type:
        return proposed
    have, want = proposed.type, node.type
    if not isinstance(have, TensorType) or not isinstance(want, TensorType):
        return f"{have} cannot stand for {want}"
    if have.dtype != want.dtype:
        if proposed.op.name != "constant" and not np.can_cast(have.dtype, want.dtype, "safe"):
            return f"{have.dtype} would lose digits or range as {want.dtype}"
        proposed = op_named("cast")(proposed, dtype=want.dtype)
    if have.shape != want.shape:
        lead = len(want.shape) - len(have.shape)
        if lead < 0 or any(a not in (1, b) for a, b in zip(have.shape, want.shape[lead:])):
            return f"the shape {list(have.shape)} cannot be proved to broadcast to {list(want.shape)}"
        proposed = op_named("broadcast_to")(proposed, shape=want.shape)
    return proposed
