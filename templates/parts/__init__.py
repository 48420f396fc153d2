"""What the stacks are built from: resources that belong together, choices and permissions they share."""
