"""AWS on this machine: MiniStack on loopback, and the thin layer for what it lacks.

It runs in a process and an environment of its own. Importing this package takes neither: what needs MiniStack
is imported in that process.
"""

from local.emulator.environment import CONFLICTING_VARIABLES, environment, task_environment
from local.emulator.process import PYTHON, Emulator, EmulatorError

__all__ = [
    "CONFLICTING_VARIABLES",
    "PYTHON",
    "Emulator",
    "EmulatorError",
    "environment",
    "task_environment",
]
