"""What an answer costs while it is written: processor time and bytes for each token, gaps between its pieces.

People with sessions ask in conversations of their own and follow what is written, all at the same time, with
the requests that a browser makes. A Bedrock on loopback writes at a fixed rate. Two versions of the
application take turns in one run (`--against`), for times of one run can be compared and others cannot.
"""
