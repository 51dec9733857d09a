import { beforeEach, describe, expect, test, vi } from "vitest";

import { api, ApiError, csrfToken, toApiError, withParams } from "./client";

const answer = (body: unknown, status = 200) =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), { status });

const fetchMock = vi.fn<typeof fetch>();

beforeEach(() => {
  fetchMock.mockReset();
  vi.stubGlobal("fetch", fetchMock);
  document.cookie = "csrftoken=a%3Db";
});

function request(place = 0): { url: string; init: RequestInit; headers: Headers } {
  const [url, init] = fetchMock.mock.calls[place] ?? [];
  return { url: String(url), init: init ?? {}, headers: new Headers(init?.headers) };
}

describe("requests", () => {
  test("a change carries the CSRF token and its body as JSON", async () => {
    fetchMock.mockResolvedValue(answer({ id: 1 }, 201));

    await api.post("/api/projects/", { name: "North" });

    const { init, headers } = request();
    expect(headers.get("X-CSRFToken")).toBe("a=b");
    expect(headers.get("Content-Type")).toBe("application/json");
    expect(init.body).toBe('{"name":"North"}');
    expect(init.credentials).toBe("same-origin");
  });

  test("reading carries no CSRF token and no body", async () => {
    fetchMock.mockResolvedValue(answer([]));

    await api.get("/api/detectors/");

    expect(request().headers.has("X-CSRFToken")).toBe(false);
    expect(request().init.body).toBeNull();
  });

  test("an empty answer (204) is not an error", async () => {
    fetchMock.mockResolvedValue(new Response(null, { status: 204 }));

    await expect(api.delete("/api/runs/1/")).resolves.toBeUndefined();
  });

  test("parameters that are not set are left out, lists are joined", () => {
    expect(withParams("/x/", { a: 1, b: null, c: undefined, d: "", e: ["p", "q"], f: false })).toBe(
      "/x/?a=1&e=p%2Cq&f=false",
    );
    expect(withParams("/x/")).toBe("/x/");
  });

  test("the token is found among other cookies, and missing is empty", () => {
    expect(csrfToken("theme=dark; csrftoken=abc; x=1")).toBe("abc");
    expect(csrfToken("xcsrftoken=abc")).toBe("");
  });

  test("all() reads page after page until there is no next one", async () => {
    fetchMock
      .mockResolvedValueOnce(
        answer({ count: 3, next: "http://elsewhere/?page=2", previous: null, results: [1, 2] }),
      )
      .mockResolvedValueOnce(answer({ count: 3, next: null, previous: null, results: [3] }));

    await expect(api.all("/api/videos/", { params: { project: "p" } })).resolves.toEqual([1, 2, 3]);

    expect(request(1).url).toBe("/api/videos/?project=p&page=2&page_size=500");
  });

  test("bytes() gives the body as it is, with its headers", async () => {
    fetchMock.mockResolvedValue(new Response(new Uint8Array([1, 2]), { headers: { "X-Count": "2" } }));

    const { data, headers } = await api.bytes("/api/x/");

    expect([...new Uint8Array(data)]).toEqual([1, 2]);
    expect(headers.get("X-Count")).toBe("2");
  });
});

describe("refusals", () => {
  test("keep the server's code, sentence and fields", async () => {
    fetchMock.mockResolvedValue(
      answer(
        { code: "invalid", message: "Two labels are alike.", fields: { labels: ["a", "b"], name: "c" } },
        400,
      ),
    );

    const error: unknown = await api.patch("/api/projects/1/", {}).catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 400,
      code: "invalid",
      message: "Two labels are alike.",
      fields: { labels: "a b", name: "c" },
    });
  });

  test("a proxy's HTML page is not shown to people", () => {
    const error = toApiError(502, "<html><h1>Bad gateway nginx</h1></html>");

    expect(error.message).not.toContain("<");
    expect(error.code).toBe("unavailable");
  });

  test("no answer at all is status 0 with what to do", async () => {
    fetchMock.mockRejectedValue(new TypeError("Failed to fetch"));

    await expect(api.get("/api/me/")).rejects.toMatchObject({ status: 0, code: "network" });
  });

  test("a request that was called off is not reported as a lost connection", async () => {
    fetchMock.mockRejectedValue(new DOMException("called off", "AbortError"));

    await expect(api.get("/api/me/")).rejects.toMatchObject({ name: "AbortError" });
  });
});
