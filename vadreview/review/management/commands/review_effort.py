"""Print how much of the footage each order of a queue lets one watch before it has shown what is known."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vadreview import errors
from vadreview.review import effort
from vadreview.runs.models import Run


class Command(BaseCommand):
    help = "Replay ground truth as a reviewer, for each order of a run's queue."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=uuid.UUID, help="id of a finished run, as in its address")

    def handle(self, *args: Any, **options: Any) -> None:
        run = Run.objects.filter(pk=options["run"]).select_related("project").first()
        if run is None:
            raise CommandError(f"There is no run {options['run']}. Its id is in the address of its page.")
        try:
            found = effort.replay(run)
        except errors.DomainError as error:
            raise CommandError(error.message) from None
        share = found.abnormal_frames / found.frames
        self.stdout.write(
            f"{found.events} known events in {found.hours:.2f} h; {share:.1%} of the frames are abnormal"
        )
        self.stdout.write(f"{'order':26}{'found':>8}{'watched for 90 %':>18}{'minutes':>9}")
        for one in found.replays:
            reached = one.until()
            minutes = "-" if reached is None else f"{reached * found.hours * 60:.1f}"
            watched = "never" if reached is None else f"{reached:.2%}"
            self.stdout.write(f"{one.name:26}{one.found[-1]:>8.1%}{watched:>18}{minutes:>9}")
