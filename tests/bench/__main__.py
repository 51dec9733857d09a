"""`make bench`: run every benchmark, each in its own process, and lay their figures side by side.

A benchmark is a module tests/bench/bench_*.py that prints one JSON object a figure:
{"figure", "value", "unit", "compared_to"}. `python -m tests.bench NAME...` runs only those named.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE.parents[1] / "bench.jsonl"


def figures_of(name: str) -> list[dict]:
    """Run one benchmark; its JSON lines are the figures, everything else is passed on to the terminal."""
    found = []
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.bench.{name}"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            found.append({"benchmark": name.removeprefix("bench_"), **json.loads(line)})
        else:
            print(line, end="", flush=True)
    if process.wait() != 0:
        found.append(
            {
                "benchmark": name.removeprefix("bench_"),
                "figure": "failed",
                "value": process.returncode,
                "unit": "exit status",
            }
        )
    return found


def table(rows: list[dict]) -> str:
    columns = ("benchmark", "figure", "value", "unit", "compared_to")
    cells = [columns] + [
        tuple(
            f"{row.get(c, ''):.4g}" if isinstance(row.get(c), float) else str(row.get(c, "")) for c in columns
        )
        for row in rows
    ]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def main() -> int:
    names = [name if name.startswith("bench_") else f"bench_{name}" for name in sys.argv[1:]]
    names = names or sorted(path.stem for path in HERE.glob("bench_*.py"))
    rows = []
    with OUT.open("w", encoding="utf-8") as out:
        for name in names:
            print(f"== {name.removeprefix('bench_')} ==", flush=True)
            for row in figures_of(name):
                rows.append(row)
                out.write(json.dumps(row) + "\n")
                out.flush()
    print(table(rows))
    return 1 if any(row["figure"] == "failed" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
