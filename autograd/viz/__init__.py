"""Seeing: the graph drawn, stepped through, explained and written out."""

from autograd.viz.card import card as card
from autograd.viz.card import sketch as sketch
from autograd.viz.display import mimebundle as mimebundle
from autograd.viz.draw import Drawing as Drawing
from autograd.viz.draw import draw as draw
from autograd.viz.explain import Explanation as Explanation
from autograd.viz.explain import explain as explain
from autograd.viz.film import Film as Film
from autograd.viz.film import Frame as Frame
from autograd.viz.latex import derivative_table as derivative_table
from autograd.viz.latex import partial_latex as partial_latex
from autograd.viz.latex import to_latex as to_latex
from autograd.viz.page import image as image
from autograd.viz.python import to_python as to_python
from autograd.viz.stepper import Step as Step
from autograd.viz.stepper import Stepper as Stepper
from autograd.viz.stepper import step_through as step_through
from autograd.viz.table import PICTURED as PICTURED
from autograd.viz.table import Table as Table
from autograd.viz.table import both_ends as both_ends
from autograd.viz.trace import Trace as Trace
from autograd.viz.trace import trace as trace
