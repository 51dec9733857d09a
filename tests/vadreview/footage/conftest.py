from __future__ import annotations

import pytest

from tests.vadreview.footage.tus_client import Tus


@pytest.fixture
def client(api, manager) -> Tus:
    return Tus(api(manager))


@pytest.fixture
def url(client, project) -> str:
    return client.create(project)["Location"]
