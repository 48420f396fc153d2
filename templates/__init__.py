"""The CloudFormation templates of Asistente: one module per stack, joined by `wiring` in `root`."""
