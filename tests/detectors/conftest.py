"""What all tests of detectors share."""

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Keep torch to one thread: small networks gain nothing from more, and the suite runs in several processes."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
