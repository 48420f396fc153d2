"""What is short first as more people come: computed, and the line of a task simulated beside it."""
