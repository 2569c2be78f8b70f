"""Steering: one direction added to the residual stream, with the controls that make it a measurement (Sec. 7.4)."""

from capelib.steering.choice import choose_layer
from capelib.steering.cost import elsewhere
from capelib.steering.direction import TruthDirection, groups, states
from capelib.steering.experiment import plan, run
from capelib.steering.judge import judge_all
from capelib.steering.layers import resolve
from capelib.steering.material import PROMPT, Measured
from capelib.steering.outcomes import outcomes
from capelib.steering.protocol import change_rates
from capelib.steering.questions import read_questions
from capelib.steering.steer import steer
from capelib.steering.verdict import effect
from capelib.steering.writing import write

__all__ = [
    "PROMPT",
    "Measured",
    "TruthDirection",
    "change_rates",
    "choose_layer",
    "effect",
    "elsewhere",
    "groups",
    "judge_all",
    "outcomes",
    "plan",
    "read_questions",
    "resolve",
    "run",
    "states",
    "steer",
    "write",
]
