import type { DetailedError } from "tus-js-client";
import { expect, test } from "vitest";

import { failureReason, worthRetrying } from "./transport";

test.each([0, 409, 423, 429, 460, 500, 502, 503])("status %d is worth trying again", (status) =>
  expect(worthRetrying(status)).toBe(true),
);

test.each([400, 401, 403, 404, 410, 413, 415, 507])("status %d is a refusal", (status) =>
  expect(worthRetrying(status)).toBe(false),
);

function failed(status: number, body: string): DetailedError {
  const error = new Error("tus: unexpected response, originated from request (method: POST ...)");
  const response = { getStatus: () => status, getBody: () => body, getHeader: () => undefined };
  return Object.assign(error, { originalResponse: response }) as unknown as DetailedError;
}

test("the reason is the server's sentence, not the library's", () => {
  const body = JSON.stringify({
    code: "quota",
    message: "Only 2 GB of this project's 10 GB are left.",
    fields: {},
  });
  expect(failureReason(failed(413, body))).toBe("Only 2 GB of this project's 10 GB are left.");
  expect(failureReason(failed(500, "<html>"))).not.toContain("<");
});

test("without an answer it says that the server cannot be reached", () => {
  const error = new Error(
    "tus: failed to upload chunk at offset 0, originated from request (method: PATCH, ...)",
  );
  expect(failureReason(error)).toBe("The server cannot be reached.");
});
