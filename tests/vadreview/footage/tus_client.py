"""A client of the upload protocol, without its manners: tests send what no real client would."""

from __future__ import annotations

import base64

from vadreview.footage.models import Upload

BODY = bytes(range(256)) * 40


def encoded(**metadata: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())


class Tus:
    """A client that speaks the protocol and nothing else."""

    def __init__(self, client) -> None:
        self.client = client

    def send(self, method: str, url: str = "/api/uploads/", body: bytes = b"", **headers: str):
        said = {"Tus-Resumable": "1.0.0"} | {name.replace("_", "-"): value for name, value in headers.items()}
        kind = said.pop("Content-Type", "application/offset+octet-stream" if body else "")
        return self.client.generic(method, url, body, content_type=kind, headers=said)

    def create(self, project, *, length: int = len(BODY), name: str = "a.mp4", body: bytes = b"", **headers):
        metadata = encoded(filename=name, project=str(project.pk))
        return self.send(
            "POST", body=body, **{"Upload-Length": str(length), "Upload-Metadata": metadata, **headers}
        )

    def patch(self, url: str, body: bytes, *, at: int, **headers: str):
        return self.send("PATCH", url, body, **{"Upload-Offset": str(at), **headers})

    def offset(self, url: str) -> int:
        return int(self.send("HEAD", url)["Upload-Offset"])


def upload_at(url: str) -> Upload:
    return Upload.objects.get(pk=url.split("/")[3])
