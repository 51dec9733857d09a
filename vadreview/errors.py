"""Errors of the application, without any HTTP in them: vadreview/api/errors.py maps them to answers."""

from __future__ import annotations


class DomainError(Exception):
    """Something a person asked for cannot be done. `message` says what was wrong, what is allowed, what to do."""

    code = "refused"

    def __init__(
        self, message: str, *, code: str | None = None, fields: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.fields = fields or {}


class Invalid(DomainError):
    """The request itself is wrong; `fields` says where."""

    code = "invalid"


class NotAllowed(DomainError):
    """The person may see this, but their role does not let them do that."""

    code = "not_allowed"


class Conflict(DomainError):
    """It cannot be done in the state things are in."""

    code = "conflict"


class TooLarge(DomainError):
    """More than a limit or the disk allows."""

    code = "too_large"


class DiskFull(TooLarge):
    """The server's disk has no room for it; nothing a person sends differently would help."""

    code = "disk_full"


class Locked(Conflict):
    """Somebody is in the middle of changing it; it may be free in a moment."""

    code = "locked"


class Gone(DomainError):
    """It was here, and is no more."""

    code = "gone"


class Corrupted(Invalid):
    """What arrived is not what was sent."""

    code = "checksum_mismatch"


class NotFootage(Invalid):
    """A file that can hold no moving picture, whatever follows."""

    code = "not_footage"
