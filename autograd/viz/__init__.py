"""Seeing: the graph drawn, stepped through, explained and written out."""
