"""Showcase expressions with what they may cost, in counts that depend on no clock and on no machine."""
