"""MiniStack without the product's layer: what the contract tests compare with."""

import sys
import types


def install(_on_build: object) -> object:
    from ministack import app

    return app.app


def release_waiting_threads() -> None:
    from ministack.services.cloudformation import wait_conditions

    wait_conditions.reset()


plain = types.ModuleType("local.emulator.layer")
vars(plain).update(install=install, started=lambda: None, release_waiting_threads=release_waiting_threads)
sys.modules[plain.__name__] = plain

if __name__ == "__main__":
    from local.emulator.__main__ import main

    sys.exit(main())
