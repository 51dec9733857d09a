"""Each format as its data set writes it, and what is wrong with files that are not so."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from tests.vadreview.footage.ground_truth.files import cells, mat, npy, only, read, reason, spans
from vadreview.footage.ground_truth import avenue, formats
from vadreview.footage.ground_truth.truths import EVERY_VIDEO

ROOT = Path(__file__).parents[4]
DATA = Path(os.environ.get("VADREVIEW_SHARED", ROOT.parent / "shared")) / "data"
footage = pytest.mark.skipif(not DATA.is_dir(), reason=f"the shared footage is not at {DATA}")


# ---- UCSD ----


def test_ucsd_counts_from_one_with_both_ends():
    text = """TestVideoFile = {};
TestVideoFile{end+1}.gt_frame = [61:180];
TestVideoFile{end+1}.gt_frame = [5:90, 140:200];  % two
TestVideoFile{end+1}.gt_frame = [];
"""
    found = read("UCSDped1.m", text)

    assert [truth.name for truth in found] == ["Test001", "Test002", "Test003"]
    assert [spans(truth) for truth in found] == [[(60, 180)], [(4, 90), (139, 200)], []]
    assert found[0].spans[0].written == "61-180"


@footage
def test_the_file_of_ped2_says_what_its_labels_say():
    found = read("UCSDped2.m", (DATA / "ped2" / "UCSDped2.m").read_bytes())
    labels = json.loads((DATA / "ped2" / "frame_labels.json").read_text())

    assert len(found) == len(labels) == 12
    for truth, (_, about) in zip(found, sorted(labels.items()), strict=True):
        ours = np.zeros(about["n_frames"], int)
        for start, stop in spans(truth):
            ours[start:stop] = 1
        assert ours.tolist() == about["labels"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1;", "lines like"),
        ("TestVideoFile{end+1}.gt_frame = [system('x')];", "no range like"),
        ("TestVideoFile{end+1}.gt_frame = [9:3];", "no span"),
        ("TestVideoFile{end+1}.gt_frame = [0:3];", "count from 1"),
        (b"\xff\xfe\x00", "not text"),
    ],
)
def test_a_ucsd_file_that_is_none_says_why(text, sentence):
    assert sentence in reason("a.m", text)


# ---- Avenue ----


def test_the_two_label_sets_of_avenue_are_told_apart_by_what_is_in_them():
    mask = np.zeros((3, 4), np.uint8)
    by_masks = only("3_label.mat", mat(volLabel=cells(mask, mask + 1, mask)))
    by_spans = read("avenue.mat", mat(gt=cells(np.array([[2, 7], [3, 9]]), np.array([[1], [4]]))))

    assert (by_masks.name, by_masks.format, spans(by_masks)) == ("3", avenue.MASKS, [(1, 2)])
    assert by_masks.mask.shape == (3, 3, 4)
    assert [truth.name for truth in by_spans] == ["01", "02"]
    assert [spans(truth) for truth in by_spans] == [[(1, 3), (6, 9)], [(0, 4)]]
    assert by_spans[0].format == avenue.SPANS


def test_a_mat_file_with_anything_but_numbers_is_refused():
    assert "plain numbers" in reason("a.mat", mat(volLabel=cells("system('x')", np.ones((2, 2)))))
    assert "plain numbers" in reason("a.mat", mat(volLabel=cells({"handle": 1.0}, np.ones((2, 2)))))
    assert "row of cells" in reason("a.mat", mat(gt=np.ones((2, 2))))
    assert "holds other" in reason("a.mat", mat(other=1)) or "nothing" in reason("a.mat", mat(other=1))


@pytest.mark.parametrize("content", [b"", b"x" * 500, b"MATLAB 7.3 MAT-file" + b" " * 500])
def test_what_is_no_mat_file_is_refused(content):
    assert "MAT file" in reason("a.mat", content)


def test_a_cut_mat_file_is_refused():
    noise = np.random.default_rng(0).integers(0, 255, (2, 20, 20), np.uint8)
    whole = mat(volLabel=cells(*noise))

    for length in (len(whole) // 2, len(whole) - 5):
        assert "cannot be" in reason("a.mat", whole[:length])


def test_a_mat_file_that_grows_beyond_measure_is_refused(monkeypatch):
    monkeypatch.setattr(avenue, "MOST_BYTES", 100_000)
    packed = zlib.compress(bytes(1_000_000))
    header = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM"

    assert "unpacked" in reason("a.mat", header + struct.pack("<II", 15, len(packed)) + packed)


# ---- ShanghaiTech and other arrays ----


def test_shanghaitech_frames_and_pixels():
    frames = only("test_frame_mask/01_0014.npy", npy(np.array([0, 1, 1, 0])))
    mask = np.zeros((4, 2, 3), np.uint8)
    mask[2, 0, 0] = 1
    pixels = only("01_0014.npy", npy(mask))

    assert (frames.name, frames.n_frames, spans(frames)) == ("01_0014", 4, [(1, 3)])
    assert (pixels.n_frames, spans(pixels)) == (4, [(2, 3)])
    assert pixels.mask.sum() == 1


def test_labels_that_run_on_over_all_videos_are_known_by_their_shape():
    assert only("frame_labels_shanghai.npy", npy(np.ones((1, 9)))).name == EVERY_VIDEO


def test_no_pickle_is_ever_read():
    class Evil:
        def __reduce__(self):
            return (pytest.fail, ("a file was unpickled",))

    buffer = io.BytesIO()
    np.save(buffer, np.array([Evil()], dtype=object), allow_pickle=True)

    assert "never read" in reason("a.npy", buffer.getvalue())
    assert "no numpy array" in reason("a.npy", pickle.dumps(Evil()))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (npy(np.array([0, 2])), "0 (normal) or 1"),
        (npy(np.array([0.0, np.nan])), "0 (normal) or 1"),
        (npy(np.zeros((2, 3))), "shape (2, 3)"),
        (npy(np.zeros(0)), "shape (0,)"),
        (npy(np.zeros(100))[:-1], "cut off"),
        (b"\x93NUMPY\x01\x00", "no numpy array"),
    ],
)
def test_an_array_that_is_no_labels_says_why(content, sentence):
    assert sentence in reason("a.npy", content)


def test_a_header_that_promises_too_much_is_refused_before_memory_is_taken():
    huge = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118)
    huge += b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999,), }".ljust(117) + b"\n"

    assert "header speaks of an array of 799,999,999,992 bytes" in reason("a.npy", huge)


def test_a_header_that_is_no_python_is_refused():
    assert "no numpy array" in reason("a.npy", npy(np.zeros(4)).replace(b"(4,)", b"(4((")[:200])


# ---- UCF-Crime, UBnormal ----


def test_ucf_crime_has_two_spans_a_line_and_none_where_there_is_minus_one():
    text = """Abuse028_x264.mp4  Abuse  165  240  -1  -1
Arson011_x264.mp4  Arson  150  420  680  1267
Normal_Videos_003_x264.mp4  Normal  -1  -1  -1  -1
"""
    found = read("Temporal_Anomaly_Annotation_for_Testing_Videos.txt", text)

    assert [spans(truth) for truth in found] == [[(164, 240)], [(149, 420), (679, 1267)], []]
    assert found[1].spans[0].label == "Arson"
    assert found[2].name == "Normal_Videos_003_x264.mp4"


def test_a_seventh_column_of_ucf_crime_is_the_length():
    assert only("a.txt", "A_x264.mp4  Abuse  1  2  -1  -1  900\n").n_frames == 900


def test_a_bad_line_of_ucf_crime_is_named():
    good = "A_x264.mp4  Abuse  1  2  -1  -1\n"

    assert "line 2" in reason("a.txt", good + "something else\n")
    assert "line 2" in reason("a.txt", good + "B_x264.mp4  Abuse  9  2  -1  -1\n")


def test_ubnormal_tracks_are_one_line_an_object():
    found = only("abnormal_scene_1_scenario_3_tracks.txt", "1,10,20\n2, 15, 30\n\n")

    assert found.name == "abnormal_scene_1_scenario_3"
    assert spans(found) == [(10, 21), (15, 31)]


def test_ubnormal_arrays_of_stg_nf_have_one_for_normal():
    found = only("abnormal_scene_1_scenario_3_tracks.txt", npy(np.array([1.0, 0.0, 0.0, 1.0])))

    assert spans(found) == [(1, 3)]
    assert "turned around" in found.notes[0]


@pytest.mark.parametrize("text", ["1,2", "a,b,c", "1,9,3", "1,-4,3"])
def test_a_bad_line_of_tracks_is_named(text):
    assert "line 2" in reason("x_tracks.txt", f"1,2,3\n{text}\n")


# ---- JSON and CSV ----


def test_activitynet_counts_in_seconds_and_leaves_out_what_is_normal():
    annotations = [
        {"segment": [6.19, 17.16], "label": "Fighting"},
        {"segment": [0, 3], "label": "Normal"},
    ]
    found = only("gt.json", json.dumps({"database": {"vid1": {"annotations": annotations}}}))

    assert (found.name, found.unit, spans(found)) == ("vid1", "seconds", [(6.19, 17.16)])


def test_plain_json_holds_labels_or_spans():
    content = {
        "a": [0, 1, 1],
        "b": {"n_frames": 2, "labels": [1, 0]},
        "c": [[3, 9], [20, 30, "Running"]],
        "d": [],
    }
    found = {truth.name: truth for truth in read("labels.json", json.dumps(content))}

    assert spans(found["a"]) == [(1, 3)]
    assert (spans(found["b"]), found["b"].n_frames) == ([(0, 1)], 2)
    assert (spans(found["c"]), found["c"].spans[1].label) == ([(3, 9), (20, 30)], "Running")
    assert (spans(found["d"]), found["d"].n_frames) == ([], None)


def test_plain_csv_holds_frames_or_seconds():
    frames = read("a.csv", "video,start_frame,stop_frame,label\na.mp4,3,9,Running\na.mp4,20,30,\nb.mp4,,,\n")
    seconds = only("b.csv", "Video, start_s, stop_s\na.mp4, 1.5, 2\n")

    assert [(truth.name, spans(truth)) for truth in frames] == [("a.mp4", [(3, 9), (20, 30)]), ("b.mp4", [])]
    assert frames[0].spans[0].label == "Running"
    assert (seconds.unit, spans(seconds)) == ("seconds", [(1.5, 2.0)])


def test_of_an_export_of_vadreview_accepted_spans_count():
    header = "video_name,start_frame,stop_frame,decision,labels\n"
    found = only("segments.csv", header + "a.mp4,1,5,accept,Running; Crowd\na.mp4,8,9,reject,\n")

    assert spans(found) == [(1, 5)]
    assert found.spans[0].label == "Running"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.csv", "video,start\na,1\n", "columns video, start_frame"),
        ("a.csv", "", "no rows"),
        ("a.csv", "video,start_frame,stop_frame\na,5,5\n", "row 2"),
        ("a.csv", "video,start_frame,stop_frame\na,1,x\n", "row 2"),
        ("a.csv", "video,start_frame,stop_frame\na,1.5,3\n", "whole frames"),
        ("a.csv", "video,start_frame,stop_frame\n,1,3\n", "names no video"),
        ("a.csv", "video,start_s,stop_s\na,-1,nan\n", "0 or more"),
        ("a.json", "{", "not JSON"),
        ("a.json", "[" * 100_000, "not JSON"),
        ("a.json", "[]", "an object"),
        ("a.json", '{"a": 3}', "neither a list"),
        ("a.json", '{"a": [0, 2]}', "other values"),
        ("a.json", '{"a": [[1]]}', "not [start_frame"),
        ("a.json", '{"database": {"a": {}}}', "no list of annotations"),
        ("a.json", '{"database": {"a": {"annotations": [{"segment": [1]}]}}}', "no segment"),
        ("a.exe", "MZ", "no format is known"),
    ],
)
def test_text_that_is_no_ground_truth_says_why(name, text, sentence):
    assert sentence in reason(name, text)


def test_falls_are_abnormal_and_daily_life_is_not():
    text = """File Name,Length (seconds),Description, Classes
01.mp4,06, From the chair, to the ground, Falling (SW)[3.4 to 6]; Sitting[0 to 3.4]
02.mp4,11, Walking,Sitting [0 to 7]; Standing [7.3 to 8.1; 9 to 11]:
"""
    found = read("subject1_fall.csv", text)

    assert [(truth.name, spans(truth)) for truth in found] == [
        ("subject1_fall_01.mp4", [(3.4, 6.0)]),
        ("subject1_fall_02.mp4", []),
    ]


@footage
def test_every_row_of_the_falls_can_be_read():
    for path in sorted((DATA / "falls").glob("*.csv")):
        found = read(path.name, path.read_bytes())
        assert found
        assert not [one for one in found if isinstance(one, formats.Unread)], path
        assert all(bool(truth.spans) == ("fall" in path.name) for truth in found), path
