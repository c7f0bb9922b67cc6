"""The processor as the kernel describes it, and whether machine code that was compiled on one computer runs here."""

from __future__ import annotations

import functools
import os
import re
import sys
from itertools import takewhile

Identity = tuple[str, str, tuple[str, ...]]

# What a kernel reports about a processor besides instructions that a compiler might have used.
_NO_INSTRUCTIONS = r"bug|mitigation|arch_|tsc|apic|hypervisor|^(?:cpuid|nopl|xtopology|rep_good|lm|ht|up)$"


@functools.cache
def cpuinfo() -> str:
    """What the kernel tells of the first processor; nothing where there is no such file (macOS)."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            return "".join(takewhile(str.strip, file))  # a blank line, and the next processor follows
    except OSError:
        return ""


def description() -> str:
    """What distinguishes this processor from others: a home folder may be shared between unlike machines."""
    lines = [line for line in cpuinfo().splitlines() if re.match(r"flags|Features|model name|CPU part", line)]
    if lines:
        return "\n".join(lines)
    from platform import processor

    return f"{os.uname().machine} {processor()}"


@functools.cache
def identity() -> Identity:
    """Operating system, architecture, and the instruction-set extensions of the processor, sorted."""
    flags: set[str] = set()
    for line in cpuinfo().splitlines():
        if re.match(r"flags|Features", line):
            flags.update(f for f in line.partition(":")[2].split() if not re.search(_NO_INSTRUCTIONS, f))
    if not cpuinfo():  # the processor's name has to do
        from platform import processor

        flags.add(processor())
    return sys.platform, os.uname().machine, tuple(sorted(flags))


def suits(made_on: Identity) -> bool:
    """Whether code made on a processor runs here: the same system, and every extension that it may use."""
    here = identity()
    return made_on[:2] == here[:2] and set(made_on[2]) <= set(here[2])
