"""The one decoder: videos by frame number, what files are, and H.264 out. PyAV lives only here."""

from .encode import VideoWriter, encode
from .errors import UnreadableVideo
from .index import Index
from .limits import Limits
from .sheets import Sheets
from .sniff import Format, sniff
from .source import Video, find_videos
from .stills import jpeg_still

__all__ = [
    "Format",
    "Index",
    "Limits",
    "Sheets",
    "UnreadableVideo",
    "Video",
    "VideoWriter",
    "encode",
    "find_videos",
    "jpeg_still",
    "sniff",
]
