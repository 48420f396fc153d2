"""What the product does on real material, in figures: `make bench` lists what there is. No test needs it."""
