"""``compile``: from symbolic outputs and inputs to a callable.

The steps of a compilation: collect the leaves and check them, collect guards, optimise, generate source, build and load
it, and hand the entry to the dispatcher.  What each step made stays on the function for inspection.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symtensor.errors import NATIVE, CompileError, DTypeError, ShapeError, SymtensorError, located
from symtensor.ir.graph import Graph, substitute, toposort
from symtensor.ir.node import Site, Tensor, describe
from symtensor.ir.size import Atom, ScalarValue, Size, atoms
from symtensor.ops.declare import INPUT, SHARED, as_tensor, cast
from symtensor.optimizer.guards import collect_guards
from symtensor.optimizer.pipeline import optimize
from symtensor.options import Options
from symtensor.compiled import CompileReport, Details
from symtensor.runtime.native import Function
from symtensor.runtime.signature import Argument, Output, Signature
from symtensor.variables import SharedVariable, shared

__all__ = ["Function", "SharedVariable", "compile", "shared"]


def user_line(site: Site) -> str:
    """A site as shown to people: the file's name without its folders, and the line."""
    return f"{os.path.basename(site[0])}:{site[1]}"


# ----------------------------------------------------------------------------------------------------- the outside
class Structure:
    """The container in which the user gave the outputs, and how to fill it with results."""

    def __init__(self, outputs: Any) -> None:
        if isinstance(outputs, Mapping):
            self.kind, self.keys, leaves = "dict", tuple(outputs), list(outputs.values())
        elif isinstance(outputs, (list, tuple)):
            self.kind, self.keys, leaves = ("list" if isinstance(outputs, list) else "tuple"), (), list(outputs)
        else:
            self.kind, self.keys, leaves = "single", (), [] if outputs is None else [outputs]
        self.leaves = [as_tensor(o) for o in leaves]

    @property
    def native(self) -> str:
        """How the dispatcher packs results."""
        return "list" if self.kind == "dict" else self.kind


class DictFunction:
    """A compiled function whose outputs were given as a dict: calls return a dict."""

    def __init__(self, function: Any, keys: tuple[Any, ...]) -> None:
        self._function, self._keys = function, keys

    def __call__(self, *args: Any, **kwargs: Any) -> dict[Any, np.ndarray]:
        return dict(zip(self._keys, self._function(*args, **kwargs)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)


def compile(
    outputs: Any,
    inputs: Sequence[Tensor] = (),
    *,
    updates: Mapping[Tensor, Any] | None = None,
    givens: Mapping[Tensor, Any] | None = None,
    on_unused_input: str = "raise",
    name: str | None = None,
    target: str = "c",
    threads: int | None = None,
    exclude: Sequence[str] = (),
    rules: Sequence[Any] = (),
    fma: bool = True,
) -> Any:
    """Compile symbolic outputs as a function of inputs.

    Args:
        outputs: a tensor, or a list, tuple or dict of tensors; ``None`` for a function that only updates.
        inputs: the tensors that a call gives values to, in order.
        updates: new values of shared variables, written after all outputs have been computed; all or none.
        givens: tensors to be replaced by others before compiling.
        on_unused_input: ``"raise"``, ``"warn"`` or ``"ignore"`` for inputs that no output needs.
        name: of the function, for comments and messages.
        target: ``"c"``, ``"numpy"`` (the reference interpreter), ``"opencl"``, ``"cuda"``, ``"cuda-shim"``, ``"null"``.
        threads: most threads that a call uses; all that the process may use if not given.
        exclude: names of rewrite rules or stages that are switched off.
        rules: additional rewrite rules.
        fma: whether a product may be fused with an addition, rounding once instead of twice.

    Returns:
        A callable that takes arrays and returns NumPy arrays in the structure of ``outputs``.

    Raises:
        CompileError: for missing, unused or duplicate inputs and unsuitable updates.
        CompilerError: if the C compiler fails.

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> compile(x + 1, [x], target="numpy")([1.0, 2.0])
    array([2., 3.])
    """
    start = time.perf_counter()
    options = Options(
        target=target, threads=threads, exclude=frozenset(exclude), rules=tuple(rules), fma=fma
    )  # fmt: skip
    structure = Structure(outputs)
    replaced = {k: as_tensor(v) for k, v in (givens or {}).items()}
    news = _checked_updates(updates or {})
    results = structure.leaves + list(news.values())
    if replaced:
        results = substitute(results, replaced)
    inputs = _checked_inputs(list(inputs), results, on_unused_input)
    variables = [n for n in toposort(results) if n.op is SHARED]
    variables += [v for v in news if v not in set(variables)]
    graph = Graph((*inputs, *variables), tuple(results))
    guards = collect_guards(graph)
    collected = time.perf_counter()
    optimised, trace = optimize(graph, options)
    report = CompileReport(collect=collected - start, optimise=time.perf_counter() - collected)
    place = {leaf: k for k, leaf in enumerate(graph.inputs)}
    targets = {len(structure.leaves) + k: place[v] for k, v in enumerate(news)}
    label = name or "function"
    details = Details(label, graph, optimised, trace, report, guards)
    if target == "numpy":
        from symtensor.interpreter import interpreted

        return interpreted(optimised, guards, graph.inputs, len(inputs), targets, structure, details)
    function = _native(optimised, guards, graph.inputs, targets, structure, options, details)
    report.total = time.perf_counter() - start
    return DictFunction(function, structure.keys) if structure.kind == "dict" else function


def _checked_inputs(inputs: list[Tensor], results: list[Tensor], on_unused: str) -> list[Tensor]:
    for tensor in inputs:
        if not isinstance(tensor, Tensor) or tensor.op is not INPUT:
            what = describe(tensor) if isinstance(tensor, Tensor) else repr(tensor)
            raise CompileError(f"an input must be an input tensor such as st.vector('x'), not {what}")
    names = [i.name for i in inputs]
    listed = set(inputs)
    if len(listed) < len(inputs):
        twice = next(i for k, i in enumerate(inputs) if i in set(inputs[:k]))
        raise CompileError(f"the input {describe(twice)} is listed twice")
    order = toposort(results)
    sizes = _size_atoms(order)
    reached = [n for n in order if n.op is INPUT] + [a.tensor for a in sizes if isinstance(a, ScalarValue)]
    missing = [n for n in reached if n not in listed]
    if missing:
        raise CompileError(
            located(
                f"the outputs need {describe(missing[0])}, which is not among the inputs {names}",
                missing[0].sites,
                "add it to the inputs, or give it a value with givens",
            )
        )
    unused = [i for i in inputs if i not in set(reached) and sizes.isdisjoint(a for n in i.shape for a in atoms(n))]
    if unused and on_unused == "raise":
        raise CompileError(
            located(
                f"no output needs the input {describe(unused[0])}",
                unused[0].sites,
                'leave it out, or pass on_unused_input="ignore"',
            )
        )
    if unused and on_unused == "warn":
        import warnings

        warnings.warn(f"no output needs the input {describe(unused[0])}", stacklevel=3)
    return inputs


def _size_atoms(order: list[Tensor]) -> set[Atom]:
    """The atoms of all sizes that nodes other than inputs depend on."""
    found: set[Atom] = set()
    for node in order:
        if node.op is INPUT:
            continue
        types = node.type if isinstance(node.type, tuple) else (node.type,)
        for size in [s for t in types for s in t.shape] + [v for _, v in node.attrs if isinstance(v, Size)]:
            found.update(atoms(size))
    return found


def _checked_updates(updates: Mapping[Tensor, Any]) -> dict[SharedVariable, Tensor]:
    news: dict[SharedVariable, Tensor] = {}
    for variable, value in updates.items():
        if not isinstance(variable, SharedVariable):
            what = describe(variable) if isinstance(variable, Tensor) else repr(variable)
            raise CompileError(f"only shared variables can be updated, not {what}")
        new = as_tensor(value)
        if new.ndim != variable.ndim or not np.can_cast(new.dtype, variable.dtype, "same_kind"):
            raise DTypeError(
                located(f"the update of {describe(variable)} has another type: {describe(new)}", new.sites,
                        f"cast it with .astype('{variable.dtype}'), or reshape it")
            )  # fmt: skip
        for old_size, new_size in zip(variable.shape, new.shape):
            if isinstance(new_size, int) and new_size != old_size:
                raise ShapeError(
                    located(f"the update of {describe(variable)} has another shape: {describe(new)}", new.sites)
                )
        news[variable] = cast(new, variable.dtype)
    return news


# ------------------------------------------------------------------------------------------------------ the inside
def _native(
    graph: Graph,
    guards: Any,
    leaves: tuple[Tensor, ...],
    targets: dict[int, int],
    structure: Structure,
    options: Options,
    details: Any,
) -> Any:
    from symtensor.codegen.pipeline import Machine, generate
    from symtensor.runtime import blas, toolchain

    tools = toolchain.toolchain()
    machine = Machine(tools.vector_bytes, frozenset(tools.features))
    begin = time.perf_counter()
    made = generate(graph, guards, leaves, targets, options, machine, details.name, user_line)
    details.generated = made
    report = details.compile_report
    report.generate = time.perf_counter() - begin
    built = tools.compile(made.source.text, name=details.name)
    report.compiler, report.cache_hit = built.seconds, built.cache_hit
    report.path = built.source
    module = toolchain.load(built.path)
    device, kernels = 0, ()
    if options.target != "c":
        from symtensor.runtime.device import device as open_device

        opened = open_device(options.target)
        kernels = tuple(opened.compile(made.source.device, made.source.kernels))
        device = opened.table
        details.device = opened
    signature = _signature(made.program, leaves, targets, structure)
    convert = Converter(signature)
    fail = Failure(made.program.sites)
    return Function(
        module.address("st_entry"), signature, blas.resolve(made.source.library), device, kernels, convert, fail, details,
        options.threads or 0,
    )  # fmt: skip


def _signature(program: Any, leaves: tuple[Tensor, ...], targets: dict[int, int], structure: Structure) -> Signature:
    from symtensor.codegen.program import Loop, WhileLoop, all_steps

    arguments = []
    for leaf in leaves:
        sizes = tuple(s if isinstance(s, int) else None for s in leaf.shape)
        kind = "shared" if isinstance(leaf, SharedVariable) else "input"
        value = leaf.container if isinstance(leaf, SharedVariable) else None
        arguments.append(Argument(leaf.name or "input", leaf.dtype, leaf.ndim, sizes, kind, value))  # type: ignore[arg-type]
    constants = [s for s in program.storages.values() if s.kind == "argument" and s.number < 0]
    arrays = {n: program.constants[n] for n in (s.name for s in constants)}
    for s in constants:
        value = arrays[s.name]
        arguments.append(Argument(s.name, value.dtype, value.ndim, value.shape, "constant", value))
    outputs = []
    for number, node in enumerate(program.output_nodes):
        if number in targets:
            outputs.append(
                Output(node.name or "update", node.dtype, node.ndim, "update", targets[number], number in program.in_place)
            )
        else:
            outputs.append(Output(node.name or "output", node.dtype, node.ndim))
    long_running = any(isinstance(s, (Loop, WhileLoop)) for s in all_steps(program.steps))
    return Signature(tuple(arguments), tuple(outputs), structure.native, long_running)  # type: ignore[arg-type]


class Failure:
    """Turns an error record of native code into the exception with the user's line."""

    def __init__(self, sites: Sequence[tuple[str, tuple[Site, ...]]]) -> None:
        self._sites = sites

    def __call__(self, code: int, site: int, step: int, values: Sequence[int], arrays: Sequence[np.ndarray]) -> None:
        row = NATIVE.get(code)
        if row is None:
            raise SymtensorError(f"native code failed with the unknown code {code}")
        what, sites = self._sites[site] if 0 <= site < len(self._sites) else ("", ())
        message = row.text.format(*values, what=what)
        if step >= 0:
            message += f" (in step {step} of the loop)"
        shown = tuple((user_line(s).rsplit(":", 1)[0], s[1]) for s in sites)
        if row.exception is KeyboardInterrupt:
            raise KeyboardInterrupt
        raise row.exception(located(message, shown, row.hint))


class Converter:
    """Turns what the user passed into the exact arrays of a signature, or raises the error a NumPy user expects."""

    def __init__(self, signature: Signature) -> None:
        self._inputs = signature.inputs
        self._position = {a.name: k for k, a in enumerate(self._inputs)}

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[np.ndarray, ...]:
        values: dict[int, Any] = dict(enumerate(args))
        wanted = [a.name for a in self._inputs]
        if len(args) > len(self._inputs):
            raise TypeError(f"the function takes {len(wanted)} inputs {wanted}, but {len(args)} were given")
        for key, value in kwargs.items():
            position = self._position.get(key)
            if position is None:
                raise TypeError(f"the function has no input named {key!r}\n  hint: its inputs are {wanted}")
            if position in values:
                raise TypeError(f"the input {key!r} is given twice")
            values[position] = value
        for position, argument in enumerate(self._inputs):
            if position not in values:
                raise TypeError(f"the input {argument.name!r} has no value\n  hint: the inputs are {wanted}")
        return tuple(self._convert(a, values[k]) for k, a in enumerate(self._inputs))

    @staticmethod
    def _convert(argument: Argument, value: Any) -> np.ndarray:
        if isinstance(value, Tensor):
            raise TypeError(f"the input {argument.name!r} got a symbolic tensor; a compiled function takes arrays")
        weak = type(value) in (bool, int, float, complex)
        array = np.asarray(value)
        if array.ndim != argument.ndim:
            raise ShapeError(
                f"the input {argument.name!r} has {argument.ndim} axes, but a value of shape {array.shape} was given"
            )
        for axis, (size, given) in enumerate(zip(argument.sizes, array.shape)):
            if size is not None and size != given:
                raise ShapeError(
                    f"the input {argument.name!r} has size {size} along axis {axis}, but a value of shape {array.shape} was given"
                )
        if array.dtype != argument.dtype:
            allowed = "same_kind" if weak else "safe"
            source = array.dtype
            empty = array.size == 0
            integral = isinstance(value, (list, tuple)) and source.kind in "iub" and argument.dtype.kind in "iufc"
            if not (np.can_cast(source, argument.dtype, allowed) or integral or empty):
                raise DTypeError(
                    f"the input {argument.name!r} is {argument.dtype}, but a value of {source} was given\n"
                    f"  hint: cast it with .astype('{argument.dtype}')"
                )
        result = np.empty(array.shape, argument.dtype)
        np.copyto(result, array, casting="unsafe")
        return result

