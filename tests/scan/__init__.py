"""Security scanners over the templates, with production parameters: `python -m tests.scan`."""
