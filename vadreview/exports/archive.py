"""The files of a dataset, written from its manifest alone into one zip.

The same manifest gives the same bytes in every member but export.json, which says which export this is. Names in
the zip are made from ids; what people typed stays inside the files, where a spreadsheet may not run it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vadreview.exports import manifest as manifests

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment a zip can name: a real one would differ each time
COLUMNS = [
    "video_id", "video_name", "sha256", "fps", "n_frames", "start_frame", "stop_frame", "start_s", "stop_s",
    "decision", "labels", "reason", "comment", "reviewer", "decided_at", "run_id", "detector", "score",
    "proposed_start", "proposed_stop",
]  # fmt: skip

README = """\
A dataset of vadreview: what people decided about unusual moments in footage.

{name}
{videos} videos, {frames} frames; {spans} accepted spans, {abnormal_frames} abnormal frames.

segments.csv    one row a decided span: accepted, rejected and unsure ones (column "decision")
segments.json   the same rows, with typed values
masks/          <video id>.npy: uint8, one value a frame, 1 = inside an accepted span
                (numpy.load); masks/index.json says which video is which
manifest.json   where everything comes from: the videos by SHA-256, every verdict with its reviewer
                and time, the runs with detector, configuration, seed and model hash; also the
                proposals that nobody has judged yet ("unreviewed")
export.json     which export this is: its id, name, time, and who asked for it
SHA256SUMS      check with: sha256sum -c SHA256SUMS   (export.json is not in it: it alone differs
                between two exports of the same decisions)

Frames are numbered from 0 in the source file as it was uploaded. A span holds the frames from
start_frame up to, and without, stop_frame. start_s and stop_s are the times at which those frames
begin, in seconds from the start of the video.

Which verdict counts: {rule}

Frames of value 0 in a mask are frames that nobody accepted as abnormal. That is "normal" only as
far as people have looked: {unreviewed} items of the queues are not judged yet, and {unsure} are unsure.

The footage itself is not in this file. Match it by SHA-256.

A cell of segments.csv that would begin with = + - or @ has an apostrophe before it, so that a
spreadsheet shows it and does not run it. segments.json has the text as it is.
"""


def write(
    path: Path,
    *,
    manifest: dict[str, Any],
    export: dict[str, Any],
    report: Callable[[str, int, int], None] = lambda phase, done, total: None,
) -> str:
    """Write the zip to `path` and return its SHA-256. `report` may raise to stop it."""
    total = len(manifest["videos"]) + 6
    sums = []
    with zipfile.ZipFile(path, "w") as bundle:
        for done, (name, content) in enumerate(_members(manifest, export)):
            report("Writing", done, total)
            _add(bundle, name, content)
            if name != "export.json":
                sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
        _add(bundle, "SHA256SUMS", "".join(sorted(sums, key=lambda line: line.split("  ", 1)[1])).encode())
    report("Checking", total, total)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _members(manifest: dict[str, Any], export: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    rows = list(_rows(manifest))
    counts = manifest["counts"]
    readme = README.format(name=manifest["project"]["name"], rule=manifest["rule"], **counts)
    yield "README.txt", readme.encode()
    yield "export.json", _json(export)
    yield "manifest.json", manifests.canonical(manifest)
    yield "segments.csv", _csv(rows)
    yield "segments.json", _json(rows)
    index = {
        video["id"]: {
            "file": f"{video['id']}.npy",
            **{name: video[name] for name in ("name", "sha256", "n_frames")},
        }
        for video in manifest["videos"]
    }
    yield "masks/index.json", _json(index)
    for video in manifest["videos"]:
        yield f"masks/{video['id']}.npy", _npy(manifests.mask(manifest, video))


def _rows(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    videos = {video["id"]: video for video in manifest["videos"]}
    detectors = {run["id"]: run["detector"] for run in manifest["runs"]}
    for span in manifest["spans"]:
        video = videos[span["video"]]
        values = [
            video["id"], video["name"], video["sha256"], round(video["fps_num"] / video["fps_den"], 6),
            video["n_frames"], span["start"], span["stop"], span["start_s"], span["stop_s"], span["decision"],
            span["labels"], span["reason"], span["comment"], span["reviewer"]["name"], span["decided_at"],
            span["run"], detectors.get(span["run"]), span["score"], span["proposed_start"], span["proposed_stop"],
        ]  # fmt: skip
        yield dict(zip(COLUMNS, values, strict=True))


def _csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        cells = {**row, "labels": "; ".join(row["labels"])}
        writer.writerow({name: inert(value) for name, value in cells.items()})
    return text.getvalue().encode()


def inert(cell: Any) -> Any:
    """Return a cell that a spreadsheet will not take for a formula; numbers stay numbers."""
    # a tab or line break before the sign is skipped by some spreadsheets
    if isinstance(cell, str) and cell.lstrip("\t\r\n ")[:1] in {"=", "+", "-", "@"}:
        return f"'{cell}"
    return cell


def _json(content: Any) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _npy(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, values, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def _add(bundle: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, date_time=EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = 3  # Unix, on every system: it is part of the bytes
    member.external_attr = 0o644 << 16
    bundle.writestr(member, content)
