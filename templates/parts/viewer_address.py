"""The header in which the distribution says who asks; behind CloudFront, firewall and tasks read it."""

HEADER = "x-viewer-address"
