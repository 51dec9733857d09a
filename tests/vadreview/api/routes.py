"""Every route of the API as the URL resolver knows it, whatever the schema says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("get", "head", "post", "put", "patch", "delete")


def walk() -> Iterator[tuple[str, str]]:
    """Yield (method, path) of every route under /api/, with {name} where an id goes."""
    for path, callback in _patterns(get_resolver(), ""):
        if not path.startswith("/api/"):
            continue
        for method in _methods(callback):
            yield method.upper(), path


def _patterns(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, object]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", simplify_regex(path)), entry.callback
        else:
            yield from _patterns(entry, path)


def _methods(callback: object) -> list[str]:
    if hasattr(callback, "actions"):
        names = list(callback.actions)
    else:
        names = [name for name in METHODS if hasattr(callback.cls, name)]
    if "get" in names and "head" in names:
        names.remove("head")  # the same answer without its body
    return [name for name in names if name in callback.cls.http_method_names]
