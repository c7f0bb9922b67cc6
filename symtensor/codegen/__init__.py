"""From a Plan to source text: the Program, the loop language, scheduling, buffers, printing, one dialect a target.

In comes a ``Plan`` of the optimizer, out goes a ``Source``: text for the host, text for the device, and the tables that
the runtime needs to load and call it.
"""
