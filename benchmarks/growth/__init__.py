"""Whether twice as many processes carry twice as much, behind a balancer that keeps people with theirs.

Each process has the same share of a processor, small enough that what asks and answers has the rest. People
ask for more than that share can carry, so what arrives in a second is what it does carry.
"""
