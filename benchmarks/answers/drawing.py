"""`python -m benchmarks.answers.drawing JSON SVG`, with matplotlib: a bar for each that was measured."""

# pyright: reportMissingImports=false
import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

PANELS = {
    "ms_per_token": "processor, ms per token: whole turns",
    "streaming_ms_per_token": "processor, ms per token: while written",
    "bytes_per_token": "bytes per token, both ways",
}
OURS, OTHERS = "#2f6f4f", "#8c9bb0"
INCHES = 4.2
BAR_INCHES = 0.45


def main(source: str, target: str) -> None:
    """Draw medians, with lines from the least to the most of all rounds."""
    told = json.loads(Path(source).read_text())
    rcParams["svg.fonttype"] = "none"
    load, found, [ours] = told["load"], told["found"], told["times as much"]
    size = INCHES * len(PANELS), 1.3 + BAR_INCHES * len(found)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for axes, (field, title) in zip(panels, PANELS.items(), strict=True):
        values = {name: [each[field] for each in rounds] for name, rounds in found.items()}
        _draw(axes, title, values, [OURS if name == ours else OTHERS for name in values])
    figure.suptitle(f"{load['streams']} answers of {load['tokens']} tokens, {load['rate']} a second each")
    figure.savefig(target)


def _draw(axes: Axes, title: str, values: dict[str, list[Any]], colors: list[str]) -> None:
    medians = [median(each) for each in values.values()]
    spread = [
        [middle - min(each) for middle, each in zip(medians, values.values(), strict=True)],
        [max(each) - middle for middle, each in zip(medians, values.values(), strict=True)],
    ]
    bars = axes.barh(list(values), medians, xerr=spread, color=colors, ecolor="#222222", capsize=3)
    axes.bar_label(bars, [f"{each:.2f}" if each < 10 else f"{each:.0f}" for each in medians], padding=6)
    axes.set_title(title, fontsize="medium")
    axes.margins(x=0.15)
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main(*sys.argv[1:])
