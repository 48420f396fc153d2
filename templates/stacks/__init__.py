"""The stacks: one module each, whose `template` returns it. None knows another; only the root wires them."""
