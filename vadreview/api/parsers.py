"""JSON that every database can store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework import exceptions, parsers


class StorableJSONParser(parsers.JSONParser):
    """Refuse text with NUL or half a surrogate pair: PostgreSQL stores neither, SQLite not the second."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping | None = None
    ) -> Any:
        try:
            content = super().parse(stream, media_type=media_type, parser_context=parser_context)
        except RecursionError:
            raise exceptions.ParseError("This JSON is nested too deeply.") from None
        if not _storable(content):
            raise exceptions.ParseError(
                "Text may not contain NUL characters or incomplete Unicode (\\u0000, \\ud800)."
            )
        return content


def _storable(content: Any) -> bool:
    waiting = [content]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "\x00" in item or any("\ud800" <= character <= "\udfff" for character in item):
                return False
        elif isinstance(item, dict):
            waiting.extend(item.keys())
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return True
