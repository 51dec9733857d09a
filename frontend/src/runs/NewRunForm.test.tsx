import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";

import { type Call, renderPage, serve } from "../ui/testPage";
import { NewRunForm } from "./NewRunForm";
import { testDetector, testVideo } from "./testDetector";

const quick = testDetector();
const slow = testDetector({ name: "slow", title: "Slow detector" });
const ready = [testVideo("a"), testVideo("b")];
const estimate = { body: { train_s: 400, score_s: 90, frames: 3000, note: "Measured here." } };

type Replies = Parameters<typeof serve>[0];

function open(replies: Replies = {}): Call[] {
  const calls = serve({ "POST /api/runs/estimate/": estimate, ...replies });
  renderPage(<NewRunForm project="p" detectors={[quick, slow]} ready={ready} />);
  return calls;
}

const created = (call: Call) => ({
  status: 201,
  body: {
    id: `run-of-${(call.body as { detector: string }).detector}`,
    detector: (call.body as { detector: string }).detector,
  },
});

const startsOf = (calls: Call[]) => calls.filter(({ path }) => path === "/api/runs/").map(({ body }) => body);

async function openSettings() {
  await userEvent.click(screen.getByText("2 settings"));
}

test("the first detector is ticked, and its cost is shown in minutes", async () => {
  open();

  expect(screen.getByRole("checkbox", { name: "Quick detector" })).toBeChecked();
  expect(screen.getByRole("checkbox", { name: "Slow detector" })).not.toBeChecked();
  const cost = screen.getByRole("complementary", { name: "What it will take" });
  expect(await within(cost).findByText("about 7 min")).toBeInTheDocument();
});

test("the recommended detector is ticked instead, and says why", async () => {
  serve({ "POST /api/runs/estimate/": estimate });
  const best = testDetector({ name: "slow", title: "Slow detector", recommended: "It sees most." });
  renderPage(<NewRunForm project="p" detectors={[quick, best]} ready={ready} />);

  expect(screen.getByRole("checkbox", { name: "Slow detector" })).toBeChecked();
  expect(screen.getByRole("checkbox", { name: "Quick detector" })).not.toBeChecked();
  expect(screen.getByText("It sees most.")).toBeInTheDocument();
  await screen.findByText("about 7 min");
});

test("a detector that no preset can run without its files offers another one, and ways to get them", async () => {
  serve({ "POST /api/runs/estimate/": estimate });
  const presets = quick.presets.map((preset) => ({ ...preset, weights_missing: ["people.onnx"] }));
  renderPage(<NewRunForm project="p" detectors={[testDetector({ presets })]} ready={ready} />);
  // nothing is ticked to begin with: it could not run
  await userEvent.click(screen.getByRole("checkbox", { name: "Quick detector" }));

  const said = screen.getByText(/pretrained files/);
  expect(said).toHaveTextContent("people.onnx. Choose another detector");
  expect(said).toHaveTextContent("python -m detectors.weights fetch people.onnx");
  expect(said).toHaveTextContent("VADREVIEW_WEIGHTS");
  expect(screen.getByRole("button", { name: "Start run" })).toBeDisabled();
});

test("groups of settings are folded but the first, and one with something to mend opens", async () => {
  serve({ "POST /api/runs/estimate/": estimate });
  const properties = {
    epochs: { type: "integer", minimum: 1, maximum: 200, group: "First" },
    score: { type: "string", enum: ["fused", "error"], group: "Second" },
    steps: { type: "integer", minimum: 1, maximum: 9, group: "Second" },
  };
  const grouped = testDetector({ schema: { properties } });
  renderPage(<NewRunForm project="p" detectors={[grouped]} ready={ready} />);
  await userEvent.click(screen.getByText("3 settings"));
  const group = (name: string) => screen.getByText(name).closest("details");

  expect(group("First")).toHaveAttribute("open");
  expect(group("Second")).not.toHaveAttribute("open");

  await userEvent.type(screen.getByRole("textbox", { name: "Steps", hidden: true }), "99");

  expect(group("Second")).toHaveAttribute("open");
  expect(within(group("Second") as HTMLElement).getByText("1 to mend")).toBeInTheDocument();
});

test("starting sends the preset with only what was changed", async () => {
  const calls = open({ "POST /api/runs/": created });
  await openSettings();
  const epochs = screen.getByRole("textbox", { name: "Epochs" });
  await userEvent.clear(epochs);
  await userEvent.type(epochs, "12");

  await userEvent.click(screen.getByRole("button", { name: "Start run" }));

  await screen.findByText("another page");
  expect(startsOf(calls)).toMatchObject([
    {
      project: "p",
      detector: "quick",
      preset: "fast",
      overrides: { epochs: 12 },
      train_videos: null,
      seed: 0,
    },
  ]);
});

describe("a setting out of bounds", () => {
  test("is said at the field, and nothing can be started until it is mended", async () => {
    open();
    await openSettings();
    const epochs = screen.getByRole("textbox", { name: "Epochs" });
    await userEvent.clear(epochs);
    await userEvent.type(epochs, "900");

    expect(screen.getByText("Whole number from 1 to 200 is needed here.")).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Start run" })).toBeDisabled();

    await userEvent.click(screen.getByRole("button", { name: "Reset Epochs" }));

    expect(epochs).toHaveValue("6");
    expect(screen.getByRole("button", { name: "Start run" })).toBeEnabled();
  });

  test("that only the server knows of is shown at the field too", async () => {
    open({
      "POST /api/runs/": {
        status: 400,
        body: {
          code: "invalid",
          message: "Two settings do not fit.",
          fields: { "overrides.epochs": "Too many for this score." },
        },
      },
    });
    await openSettings();
    const epochs = screen.getByRole("textbox", { name: "Epochs" });
    await userEvent.clear(epochs);
    await userEvent.type(epochs, "50");
    await userEvent.click(screen.getByRole("button", { name: "Start run" }));

    expect(await screen.findByText("Too many for this score.")).toBeInTheDocument();
    expect(screen.getByRole("alert")).toHaveTextContent("Two settings do not fit.");
    expect(epochs).toHaveValue("50");
  });
});

test("of two detectors one may be refused: the other is not started twice when trying again", async () => {
  let refuse = true;
  const calls = open({
    "POST /api/runs/": (call) =>
      refuse && (call.body as { detector: string }).detector === "slow"
        ? { status: 409, body: { code: "conflict", message: "Not now.", fields: {} } }
        : created(call),
    // what a started run makes stale
    "GET /api/runs/": { body: [] },
  });
  await userEvent.click(screen.getByRole("checkbox", { name: "Slow detector" }));
  await userEvent.click(screen.getByRole("button", { name: "Start 2 runs" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Not now.");
  expect(screen.getByRole("checkbox", { name: "Quick detector" })).not.toBeChecked();

  refuse = false;
  await userEvent.click(screen.getByRole("button", { name: "Start run" }));
  await screen.findByText("another page");

  const sent = startsOf(calls) as { detector: string; client_key: string }[];
  expect(sent.map(({ detector }) => detector)).toEqual(["quick", "slow", "slow"]);
  expect(sent[1]?.client_key).toBe(sent[2]?.client_key);
  expect(sent[0]?.client_key).not.toBe(sent[1]?.client_key);
});

test("a preset whose files are missing says which, and cannot be started", async () => {
  open();
  await userEvent.click(screen.getByRole("radio", { name: "Paper" }));

  expect(screen.getAllByText(/clip\.safetensors/)[0]).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Start run" })).toBeDisabled();
});

test("learning from chosen videos scores the others", async () => {
  const calls = open({ "POST /api/runs/": created });
  await userEvent.click(screen.getByRole("radio", { name: /Learn from chosen videos/ }));
  expect(screen.getByText("Choose at least one video to learn from.")).toBeInTheDocument();

  await userEvent.click(screen.getByRole("checkbox", { name: "Learn from a.mp4" }));
  await userEvent.click(screen.getByRole("button", { name: "Start run" }));

  await waitFor(() => expect(startsOf(calls)).toHaveLength(1));
  expect(startsOf(calls)[0]).toMatchObject({ mode: "partial", train_videos: ["a"], score_videos: ["b"] });
});
