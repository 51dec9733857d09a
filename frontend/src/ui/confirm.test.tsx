import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";

import { ApiError } from "../api/client";
import { confirm } from "./confirm";
import { renderPage } from "./testPage";

function open(question: Partial<Parameters<typeof confirm>[0]> & { run: () => Promise<unknown> }) {
  const ask = () => confirm({ title: "Delete this?", body: "For good.", action: "Delete", ...question });
  renderPage(<button onClick={ask}>ask</button>);
  return userEvent.click(screen.getByRole("button", { name: "ask" }));
}

test("what cannot be undone needs its name typed, exactly", async () => {
  const run = vi.fn(() => Promise.resolve());
  await open({ run, typed: "North" });
  expect(await screen.findByRole("button", { name: "Delete" })).toBeDisabled();

  await userEvent.type(screen.getByRole("textbox"), "north");
  expect(screen.getByRole("button", { name: "Delete" })).toBeDisabled();
  await userEvent.clear(screen.getByRole("textbox"));
  await userEvent.type(screen.getByRole("textbox"), "North");
  await userEvent.click(screen.getByRole("button", { name: "Delete" }));

  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
  expect(run).toHaveBeenCalledWith("North");
});

test("a refusal is shown where it was asked, and can be tried again", async () => {
  const run = vi
    .fn<() => Promise<void>>()
    .mockRejectedValueOnce(new ApiError(409, "in_use", "A dataset still uses it."))
    .mockResolvedValueOnce();
  await open({ run });
  await userEvent.click(await screen.findByRole("button", { name: "Delete" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("A dataset still uses it.");

  await userEvent.click(screen.getByRole("button", { name: "Delete" }));

  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
});
