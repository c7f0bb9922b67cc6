"""Derivatives: walkers over the graph that know no formula of a single op; those stand in the ops' declarations."""
