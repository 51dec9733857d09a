"""How fast is a view of a day of footage? `python -m tests.bench.bench_tracks [--views 400]`

Stores a curve of 24 hours at 25 fps (2,160,000 values), then asks for random views of it at every zoom, as the
browser does: once through the whole API, and once by reading all values and reducing them with numpy. Does so on
SQLite, and on PostgreSQL where one answers (BENCH_POSTGRES, default postgres://postgres@127.0.0.1:5432/postgres).
Prints one JSON line a figure.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import numpy as np

VALUES = 24 * 3600 * 25
WIDTH = 1200
POSTGRES = os.environ.get("BENCH_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--views", type=int, default=400)
    arguments.add_argument("--database", help=argparse.SUPPRESS)  # set in the process that measures
    asked = arguments.parse_args()
    if asked.database:
        measure(asked.database, views=asked.views)
        return
    on_sqlite(asked.views)
    on_postgres(asked.views)


def on_sqlite(views: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        measure_in_a_process("SQLite", views, VADREVIEW_DATA=folder, DATABASE_URL="")


def on_postgres(views: int) -> None:
    import psycopg

    name = f"bench_tracks_{os.getpid()}"
    try:
        server = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        print(f"PostgreSQL is left out: {str(error).splitlines()[0]}")
        return
    with server, tempfile.TemporaryDirectory() as folder:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            url = urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()
            measure_in_a_process(
                "PostgreSQL", views, VADREVIEW_DATA=folder, DATABASE_URL=url, SECRET_KEY="bench"
            )
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def measure_in_a_process(database: str, views: int, **environment: str) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.bench.bench_tracks",
        "--database",
        database,
        "--views",
        str(views),
    ]
    settings = {"DJANGO_SETTINGS_MODULE": "vadreview.settings", "LOG_LEVEL": "ERROR", **environment}
    subprocess.run(command, env={**os.environ, **settings}, check=True)


def measure(database: str, *, views: int) -> None:
    """Print the figures for the database that the settings name; it must be empty."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from rest_framework.test import APIClient

    from vadreview.accounts.models import User
    from vadreview.footage.models import Project, Video
    from vadreview.runs import tracks

    project = Project.objects.create(name="bench")
    video = Video.objects.create(project=project, name="a day", state="ready", n_frames=VALUES)
    random = np.random.default_rng(0)
    values = random.gamma(2.0, size=VALUES).astype("f4")
    began = time.perf_counter()
    track = tracks.replace({"score": tracks.Series(values)}, video=video, run=None)[0]
    figure(f"store a day, {database}", (time.perf_counter() - began) * 1000)

    client = APIClient()
    client.force_login(User.objects.create_superuser("bench"))
    address = f"/api/tracks/{track.pk}/window/"
    spans = [int(span) for span in np.geomspace(WIDTH / 2, VALUES, 8)]  # from single frames to the whole day

    def through_the_api(start: int, stop: int) -> None:
        answer = client.get(
            address, {"start": start, "stop": stop, "width": WIDTH}, headers={"host": "localhost"}
        )
        assert answer.status_code == 200
        assert answer.content

    def from_all_values(start: int, stop: int) -> None:
        part = tracks.read(track)[start:stop]
        begins = np.arange(0, part.size, max(1, part.size // WIDTH))
        np.minimum.reduceat(part, begins), np.maximum.reduceat(part, begins)

    slow = p95(from_all_values, random, spans, views=max(16, views // 10))
    for width_name, chosen in [("any zoom", spans), ("the whole day", spans[-1:]), ("a minute", [1500])]:
        fast = p95(through_the_api, random, chosen, views=views)
        figure(
            f"view of {width_name}, p95, {database}",
            fast,
            compared_to=f"{slow:.1f} ms for reading all values and reducing them, without any HTTP",
        )


def p95(
    view: Callable[[int, int], None], random: np.random.Generator, spans: list[int], *, views: int
) -> float:
    """Return the time in ms that 95 of 100 views at random places stay under."""
    view(0, spans[-1])  # connection, imports
    took = []
    for n in range(views):
        span = spans[n % len(spans)]
        start = int(random.integers(0, VALUES - span + 1))
        began = time.perf_counter()
        view(start, start + span)
        took.append(time.perf_counter() - began)
    return float(np.percentile(took, 95) * 1000)


def figure(name: str, milliseconds: float, **more: str) -> None:
    print(json.dumps({"figure": name, "value": round(milliseconds, 2), "unit": "ms", **more}), flush=True)


if __name__ == "__main__":
    main()
