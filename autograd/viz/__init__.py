"""Seeing: the graph drawn, stepped through, explained and written out."""

from autograd.viz.draw import Drawing as Drawing
from autograd.viz.draw import draw as draw
