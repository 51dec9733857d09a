import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import type { Project } from "../api/types";
import { testDetector } from "../runs/testDetector";
import { type Call, renderPage, serve } from "../ui/testPage";
import { TeachHere } from "./TeachHere";
import "./TeachModal"; // so that the part that comes later is there at once

const project = (role: string) => ({ id: "p", name: "Yard", my_role: role, audit_share: 0.1 }) as Project;

const nothing = { count: 0, next: null, previous: null, results: [] };

test("a manager teaches the detectors from where they are", async () => {
  const calls: Call[] = serve({
    "GET /api/detectors/": { body: [testDetector()] },
    "GET /api/runs/?project=p&page=1&page_size=500": { body: nothing },
    "GET /api/exports/?project=p&page=1&page_size=500": { body: nothing },
    "GET /api/verdicts/summary/?project=p": { body: { accepted: 2, rejected: 1 } },
    "POST /api/exports/teach/": { status: 201, body: { dataset: "d", runs: [{ id: "r" }] } },
  });
  renderPage(<TeachHere project={project("manager")} icon />);

  await userEvent.click(screen.getByRole("button", { name: "Teach the detectors" }));
  await userEvent.click(await screen.findByRole("button", { name: "Start run" }, { timeout: 10_000 }));

  expect(await screen.findByText("another page", {}, { timeout: 10_000 })).toBeInTheDocument(); // the runs
  const sent = calls.find(({ method }) => method === "POST")?.body;
  expect(sent).toMatchObject({
    project: "p",
    dataset: null,
    choices: [{ detector: "quick", preset: "fast" }],
  });
}, 30_000); // a busy machine

test("who may not start a run is offered nothing", async () => {
  renderPage(<TeachHere project={project("reviewer")} />);

  await waitFor(() => expect(screen.queryByRole("button")).not.toBeInTheDocument());
});
