"""The compose file and the image are read by no engine here, so what they promise is checked by reading them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_the_services_that_the_readme_names_are_there(compose: dict) -> None:
    assert set(compose["services"]) == {"db", "redis", "migrate", "web", "worker-cpu", "worker-gpu", "nginx"}


def test_no_service_has_a_secret_written_into_it(compose: dict) -> None:
    for service in compose["services"].values():
        for name, value in (service.get("environment") or {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN", name):
                assert name.endswith("_FILE"), name
                assert str(value).startswith("/run/secrets/")


def test_the_workers_listen_to_every_queue(compose: dict) -> None:
    from vadreview.sweep import job_models

    command = compose["services"]["worker-cpu"]["command"]
    queues = set(command[command.index("-Q") + 1].split(","))

    assert queues == {model.queue for model in job_models()}


def test_only_nginx_is_reachable_from_outside(compose: dict) -> None:
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["nginx"]
    assert compose["networks"]["inside"]["internal"] is True


def test_gunicorn_and_celery_are_called_with_options_they_know(compose: dict) -> None:
    from celery.bin.base import CLIContext
    from celery.bin.worker import worker
    from gunicorn.config import Config

    from vadreview import celery_app

    dockerfile = (ROOT / "Dockerfile").read_text()
    web = shlex.split(re.search(r"^CMD \[(.*)\]", dockerfile, re.M).group(1).replace(",", " "))
    Config().parser().parse_args(web[1:])

    for name in ("worker-cpu", "worker-gpu"):
        command = compose["services"][name]["command"]
        context = CLIContext(app=celery_app, no_color=True, workdir=None)
        worker.make_context("worker", command[command.index("worker") + 1 :], obj=context)


def test_the_image_copies_only_what_exists() -> None:
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                if source != "frontend/dist":
                    assert (ROOT / source).exists(), source


def test_nginx_aliases_end_in_a_slash() -> None:
    text = (ROOT / "deploy" / "nginx.conf").read_text()

    for place, alias in re.findall(r"location (\S+) \{[^}]*?alias (\S+);", text):
        assert place.endswith("/")
        assert alias.endswith("/")
