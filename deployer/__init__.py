"""What `deploy.sh` runs: puts the generated stacks into an AWS account, shows how it goes, takes them out again."""
