"""Whether a plan is carried out: who is there is asked, and data is lost only by an explicit word."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import dataclass

from deployer.commands.foresight import Plan
from deployer.console import Ask
from deployer.errors import DeployError, UsageError

FLAG = "--accept-data-loss"
NOBODY = "Nobody is there to confirm: give --yes to deploy without a question."


@dataclass
class Consent:
    """How to come by the user's word: by `ask`, or without a question (--yes) where `ask` is None."""

    ask: Ask | None = None
    accepts_data_loss: bool = False
    is_there: bool = True
    """Whether somebody can answer."""

    @classmethod
    def of(cls, given: Namespace) -> Consent:
        """As the command line says it, and as whoever may sit there."""
        is_there = sys.stdin is not None and sys.stdin.isatty()
        return cls(None if given.yes else input, given.accept_data_loss, is_there)

    def require_somebody(self) -> None:
        """Raise UsageError, before anything is made, when a question will be put to nobody."""
        if self.ask is not None and not self.is_there:
            raise UsageError(NOBODY)

    def require(self, plan: Plan, name: str) -> None:
        """Return when the plan for the stack of that name may be carried out.

        Raises UsageError or DeployError when it may not.
        """
        lost = bool(plan.losses)
        if self.ask is None:
            if lost and not self.accepts_data_loss:
                paths = ", ".join(loss.path for loss in plan.losses)
                raise UsageError(
                    f"Not deployed, because data would be lost ({paths}), as the plan above says in red. "
                    f"Where that is meant, say {FLAG} beside --yes."
                )
            return
        try:
            if lost and not self.accepts_data_loss:
                answer = self.ask(f"Data is lost, as said above. Type {name} to go on all the same: ")
                agreed = answer.strip() == name
            else:
                agreed = self.ask("Carry this out? [y/N] ").strip().lower() in ("y", "yes", "s", "si", "sí")
        except EOFError:
            raise UsageError(NOBODY) from None
        if not agreed:
            raise DeployError(f"{name}: nothing was changed.")


WITHOUT_QUESTION = Consent()
