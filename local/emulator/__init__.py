"""AWS on this machine: MiniStack in-process on loopback, and the thin layer for what it lacks.

Importing this package is cheap; MiniStack itself is imported when an `Emulator` starts.
"""

from local.emulator.builds import hold_build, play_build, signal_build
from local.emulator.environment import CONFLICTING_VARIABLES, environment, task_environment
from local.emulator.server import Emulator, EmulatorError, PortInUse, StateInUse

__all__ = [
    "CONFLICTING_VARIABLES",
    "Emulator",
    "EmulatorError",
    "PortInUse",
    "StateInUse",
    "environment",
    "hold_build",
    "play_build",
    "signal_build",
    "task_environment",
]
