"""The one decoder: videos by frame number, what files are, and H.264 out. PyAV lives only here."""

from .encode import VideoWriter, encode
from .errors import UnreadableVideo
from .index import Index
from .sniff import Format, sniff
from .source import Video, find_videos

__all__ = ["Format", "Index", "UnreadableVideo", "Video", "VideoWriter", "encode", "find_videos", "sniff"]
