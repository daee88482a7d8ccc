"""Seeing: the graph drawn, stepped through, explained and written out."""

from autograd.viz.draw import Drawing as Drawing
from autograd.viz.draw import draw as draw
from autograd.viz.explain import Explanation as Explanation
from autograd.viz.explain import explain as explain
from autograd.viz.stepper import Step as Step
from autograd.viz.stepper import Stepper as Stepper
from autograd.viz.stepper import step_through as step_through
