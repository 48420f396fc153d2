"""How long a running application lets one wait: `python -m tests.gradio_app.library.latency URL SECONDS`.

Once while nothing is done, and once while a long document is being read and embedded: docs/documents.md.
"""

import statistics
import sys
import time

import httpx

PAUSE_SECONDS = 0.02


def waited(url: str, seconds: float) -> list[float]:
    """Milliseconds until each answer of /healthz, one after the other, the shortest first."""
    found: list[float] = []
    end = time.monotonic() + seconds
    with httpx.Client(base_url=url, trust_env=False) as client:
        while time.monotonic() < end:
            begun = time.perf_counter()
            client.get("/healthz").raise_for_status()
            found.append(1000 * (time.perf_counter() - begun))
            time.sleep(PAUSE_SECONDS)
    return sorted(found)


if __name__ == "__main__":
    times = waited(sys.argv[1], float(sys.argv[2]))
    shares = {"95 %": times[int(0.95 * len(times))], "99 %": times[int(0.99 * len(times))]}
    print(f"{len(times)} answers, half of them in {statistics.median(times):.1f} ms, {shares}")
