"""The service as the people who use it meet it: by its public address, and by nothing else."""
