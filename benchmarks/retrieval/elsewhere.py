"""`python -m benchmarks.retrieval.elsewhere WORD VECTOR`: a Bedrock in a process of its own, as in AWS.

It takes so many seconds for each word of an answer and for each vector; it says where it listens, and ends
with its standard input.
"""

import sys

from tests.gradio_app.fake_bedrock import FakeBedrock

if __name__ == "__main__":
    with FakeBedrock() as fake:
        fake.word_seconds, fake.vector_seconds = map(float, sys.argv[1:3])
        print(fake.endpoint_url, flush=True)
        sys.stdin.read()
