"""The only list of detectors: name -> "module:class". The module is imported when the detector is used.

Beside that module lies `config.py`, which holds `ABOUT` and imports no torch.
"""

DETECTORS: dict[str, str] = {
    "diffvad": "detectors.diffvad.detector:DiffVAD",
    "kdiffusion": "detectors.kdiffusion.detector:KDiffusion",
    "pseudoanomaly": "detectors.pseudoanomaly.detector:PseudoAnomaly",
    "stgnf": "detectors.stgnf.detector:StgNf",
}
