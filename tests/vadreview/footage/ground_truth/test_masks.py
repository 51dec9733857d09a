"""Ground truth as pictures, and as files in a zip."""

from __future__ import annotations

import io
import struct

import numpy as np

from tests.vadreview.footage.ground_truth.files import npy, only, png, reason, spans, zipped
from vadreview.footage.ground_truth import arrays, sources


def test_a_folder_of_images_is_ordered_by_number():
    dark, lit = np.zeros((4, 6), np.uint8), np.full((4, 6), 255, np.uint8)
    content = zipped(**{"gt/Test001_gt/10.png": png(lit), "gt/Test001_gt/9.png": png(dark)})
    found = only("masks.zip", content)

    assert (found.name, found.n_frames, spans(found)) == ("Test001_gt", 2, [(1, 2)])


def test_an_npz_with_a_mask():
    buffer = io.BytesIO()
    np.savez_compressed(buffer, mask=np.ones((2, 3, 3), bool))

    assert spans(only("01.npz", buffer.getvalue())) == [(0, 2)]
    assert "no array called mask" in reason("01.npz", zipped(**{"other.npy": npy(np.ones(3))}))
    assert "never read" in reason(
        "01.npz", zipped(**{"mask.npy": npy(np.ones(3)).replace(b"'<f8'", b"'|O' ")})
    )


def test_files_in_a_zip_are_read_like_loose_ones():
    content = zipped(
        **{
            "a/UCSDped2.m": "TestVideoFile{end+1}.gt_frame = [1:2];",
            "__MACOSX/._x.m": "junk",
            ".DS_Store": "x",
        }
    )

    assert only("all.zip", content).file == "a/UCSDped2.m"


def test_images_of_two_sizes_damaged_ones_and_loose_ones_are_refused():
    small, large = np.zeros((4, 6), np.uint8), np.zeros((5, 6), np.uint8)

    assert "another size" in reason("m.zip", zipped(**{"a/1.png": png(small), "a/2.png": png(large)}))
    assert "damaged" in reason("m.zip", zipped(**{"a/1.png": png(small)[:40]}))
    assert "neither PNG nor BMP" in reason("m.zip", zipped(**{"a/1.png": b"no"}))
    assert "folder" in reason("1.png", png(small))


def test_a_picture_that_claims_to_be_huge_is_not_decoded():
    huge = bytearray(png(np.zeros((4, 6), np.uint8)))
    huge[16:24] = struct.pack(">II", 60_000, 60_000)

    assert "60000 x 60000" in reason("m.zip", zipped(**{"a/1.png": bytes(huge)}))


def test_zips_are_bounded(monkeypatch):
    many = zipped(**{f"{n}.m": "" for n in range(5)})
    monkeypatch.setattr(sources, "MOST_FILES", 4)
    assert "5 files" in reason("a.zip", many)

    monkeypatch.setattr(sources, "MOST_BYTES", 1000)
    assert "a file may have" in reason("a.zip", zipped(**{"a.m": b"x" * 5000}))
    monkeypatch.setattr(sources, "MOST_BYTES_IN_ALL", 1000)
    assert "unpacked" in reason("a.zip", zipped(**{"a.m": b"x" * 5000}))
    assert "no zip file" in reason("a.zip", b"PK nonsense")


def test_names_in_a_zip_never_become_paths():
    found = only("a.zip", zipped(**{"../../etc/Test1\x00.m": "TestVideoFile{end+1}.gt_frame = [];"}))

    assert found.file.startswith("etc/")


def test_an_array_is_no_larger_than_memory_allows(monkeypatch):
    monkeypatch.setattr(arrays, "MOST_BYTES", 10)

    assert "most is 10" in reason("a.npy", npy(np.zeros(9)))
