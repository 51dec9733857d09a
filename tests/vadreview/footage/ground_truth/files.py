"""Ground truth in memory: files as they are sent, and what is read of them."""

from __future__ import annotations

import io
import zipfile

import cv2
import numpy as np
from scipy.io import savemat

from vadreview.footage.ground_truth import formats


def read(name, content):
    content = content.encode() if isinstance(content, str) else content
    return list(formats.read([(name, io.BytesIO(content), len(content))]))


def spans(truth):
    return [(span.start, span.stop) for span in truth.spans]


def only(name, content):
    (found,) = read(name, content)
    return found


def reason(name, content):
    found = only(name, content)
    assert isinstance(found, formats.Unread), found
    return found.reason


def npy(values):
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def mat(**variables):
    buffer = io.BytesIO()
    savemat(buffer, variables, do_compression=True)
    return buffer.getvalue()


def cells(*values):
    made = np.empty((1, len(values)), object)
    made[0, :] = values
    return made


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def png(picture):
    return cv2.imencode(".png", picture)[1].tobytes()
