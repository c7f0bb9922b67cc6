"""Whether machine code that was compiled on one computer runs on this one."""

from __future__ import annotations

import functools
import platform
import re
import sys
from pathlib import Path

Identity = tuple[str, str, tuple[str, ...]]

# What a kernel reports about a processor besides instructions that a compiler might have used.
_NO_INSTRUCTIONS = re.compile(r"bug|mitigation|arch_|tsc|apic|hypervisor|^(?:cpuid|nopl|xtopology|rep_good|lm|ht|up)$")


@functools.cache
def identity() -> Identity:
    """Operating system, architecture, and the instruction-set extensions of the processor, sorted."""
    flags: set[str] = set()
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        for line in text.split("\n\n", 1)[0].splitlines():
            if re.match(r"flags|Features", line):
                flags.update(f for f in line.partition(":")[2].split() if not _NO_INSTRUCTIONS.search(f))
    except OSError:  # no such file on macOS: the processor's name has to do
        flags.add(platform.processor())
    return sys.platform, platform.machine(), tuple(sorted(flags))


def suits(made_on: Identity) -> bool:
    """Whether code made on a processor runs here: the same system, and every extension that it may use."""
    here = identity()
    return made_on[:2] == here[:2] and set(made_on[2]) <= set(here[2])
