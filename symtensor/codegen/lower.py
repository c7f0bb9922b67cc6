"""Lowering: from a kernel group and its schedule to kernels of the loop language.

Out come one kernel, two for a two-stage reduction, or as many more as there are operands to repack.
"""

from __future__ import annotations

from symtensor.codegen.across import across_kernels
from symtensor.codegen.ahead import fetching
from symtensor.codegen.columns import ColumnLowering
from symtensor.codegen.group import GroupLowering
from symtensor.codegen.loop_ir import Kernel
from symtensor.codegen.schedule import Across, Ahead, Sink, Tile, TwoStage, operations
from symtensor.codegen.stages import two_stage
from symtensor.codegen.tiles import tiled


def lower(group: GroupLowering) -> list[Kernel]:
    """The kernels of a group, in execution order."""
    tile = next((s for s in group.schedule if isinstance(s, Tile)), None)
    if tile is not None and group.host:
        return [tiled(group, tile)]
    for step in group.schedule:
        if isinstance(step, TwoStage):
            return two_stage(group, step)
        if isinstance(step, Across):
            return across_kernels(group, step)
        if isinstance(step, Sink):
            return [ColumnLowering(group, step).kernel()]
    body = [s for sweep in group.group.sweeps for s in group.sweep(sweep)]
    ahead = next((s for s in group.schedule if isinstance(s, Ahead)), None)
    if ahead is not None and group.host:
        body = fetching(tuple(body), group.group.outer, ahead.bytes)
    return [group.kernel(group.name, group.outer_loops(group.group.outer, body), operations(group.group))]
