import { expect, test } from "vitest";

import { POLICY_DEFAULTS, POLICY_METHODS, valueRange, withMethod } from "./policy";

test("another method begins at a value that it allows", () => {
  for (const { value: method } of POLICY_METHODS) {
    const { value } = withMethod({ ...POLICY_DEFAULTS, value: 50 }, method);
    const { minimum, maximum } = valueRange(method);
    if (method === POLICY_DEFAULTS.method) expect(value).toBe(50);
    expect(value).toBeGreaterThan(minimum ?? -Infinity);
    expect(value).toBeLessThanOrEqual(maximum ?? Infinity);
  }
});
