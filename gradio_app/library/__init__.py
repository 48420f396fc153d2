"""Documents that people bring along to ask: how they become passages that can be found."""
