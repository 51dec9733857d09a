import { expect, test } from "vitest";

import { ApiError } from "../api/client";
import { errorSentence, fieldError, hasOtherFields } from "./errors";

const refusal = new ApiError(400, "invalid", "Look below.", {
  name: "Too long.",
  "overrides.epochs": "At most 200.",
});

test("a field finds its sentence, also below a prefix", () => {
  expect(fieldError(refusal, "name")).toBe("Too long.");
  expect(fieldError(refusal, "epochs")).toBe("At most 200.");
  expect(fieldError(refusal, "size")).toBeUndefined();
});

test("the form's own error line shows when no field will", () => {
  expect(hasOtherFields(refusal, ["name", "epochs"])).toBe(false);
  expect(hasOtherFields(refusal, ["name"])).toBe(true);
  expect(hasOtherFields(new ApiError(409, "conflict", "Not now."), ["name"])).toBe(true);
});

test("something that is no Error still gives a sentence", () => {
  expect(errorSentence("boom")).toMatch(/try again/);
  expect(errorSentence(refusal)).toBe("Look below.");
});
