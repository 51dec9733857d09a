import { screen } from "@testing-library/react";
import { expect, test } from "vitest";

import type { Run, Video } from "../api/types";
import { renderPage } from "../ui/testPage";
import { Glimpse } from "./Glimpse";
import { type Session, SessionContext } from "./session";

const sheets = { tile_width: 160, tile_height: 90, columns: 10, rows: 10, stride: 1, count: 50 };
const video = { id: "v", width: 640, height: 360, urls: { sheet: "/sheets/{n}.jpg" } } as Video;

function show(seen: Partial<Video>, people: Run["videos"][number]["people"]): HTMLElement {
  const run = { id: "r", videos: [{ video: "v", people }] } as unknown as Run;
  renderPage(
    <SessionContext value={{ run } as Session}>
      <Glimpse video={{ ...video, ...seen }} frame={7} width={92} />
    </SessionContext>,
  );
  return document.body;
}

test("who sees the footage gets a picture of it", () => {
  const shown = show({ sees_footage: true, sheets }, null);

  expect(shown.innerHTML).toContain("/sheets/0.jpg");
});

test("who sees poses alone gets people on grey, and nothing of the footage", () => {
  const people = { people: 1, rows: 9, joints: 17, low: 0, high: 1 };
  const shown = show({ sees_footage: false, sheets }, people as Run["videos"][number]["people"]);

  expect(screen.getByRole("presentation")).toHaveAttribute("src", "/api/runs/r/people/v/stills/7.png");
  expect(shown.innerHTML).not.toContain("/sheets/");
});

test("where a run knows no people there is grey alone", () => {
  show({ sees_footage: false }, null);

  expect(document.querySelector("img")).toBeNull();
});
