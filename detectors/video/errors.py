"""What can go wrong with a video, said in sentences a person can act on."""

from pathlib import Path


class UnreadableVideo(ValueError):
    """A file or folder that cannot be read as video; `str(error)` is a sentence for a person.

    `reason` is the sentence without the file's name: "This is a web page, not a video. ...".
    """

    def __init__(self, reason: str, *, path: str | Path | None = None) -> None:
        self.reason = reason
        self.path = None if path is None else Path(path)
        super().__init__(reason if path is None else f"{Path(path).name}: {reason}")
