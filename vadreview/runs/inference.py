"""The door from the application into `detectors` (footage/media.py has one of its own, for video alone).

The web process comes through here too, so nothing at the top of this file may load torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from detectors.segments import Interval, Policy, Threshold, find, resolve_threshold, smooth
from vadreview import errors

__all__ = ["Interval", "Policy", "Threshold", "find", "parse_policy", "resolve_threshold", "smooth"]


def parse_policy(fields: Mapping[str, Any]) -> Policy:
    """Make a policy of what a person sent, defaults for what is missing. Raises Invalid with the fields."""
    try:
        return Policy(**fields)
    except ValidationError as error:
        wrong = {
            ".".join(["policy", *(str(part) for part in found["loc"])]): found["msg"].removeprefix(
                "Value error, "
            )
            for found in error.errors(include_url=False, include_context=False, include_input=False)
        }
        name, first = next(iter(wrong.items()))
        raise errors.Invalid(f"{name}: {first}", code="invalid_policy", fields=wrong) from None
