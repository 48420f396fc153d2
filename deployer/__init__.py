"""What `deploy.sh` runs: puts the generated stacks into AWS, shows how it goes, takes them out again."""
