/** One way to the server: JSON in and out (files as forms), the CSRF token on every change, one error class for every refusal. */

export type FieldErrors = Record<string, string>;

/** A refusal in the server's own words. `status` 0 means that no answer came at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: FieldErrors;

  constructor(status: number, code: string, message: string, fields: FieldErrors = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

export type Page<T> = { count: number; next: string | null; previous: string | null; results: T[] };

export type QueryValue = string | number | boolean | readonly string[] | null | undefined;

export type RequestOptions = { params?: Record<string, QueryValue>; signal?: AbortSignal };

type Bytes = { data: ArrayBuffer; headers: Headers };

const UNREACHABLE =
  "The server cannot be reached. Check the connection; what you did is still here, so you can try again.";

export function csrfToken(cookies: string = document.cookie): string {
  const found = cookies.split("; ").find((part) => part.startsWith("csrftoken="));
  return found ? decodeURIComponent(found.slice("csrftoken=".length)) : "";
}

/** Leave out what is not set; a list becomes one comma-separated value. */
export function withParams(path: string, params: RequestOptions["params"] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === null || value === "") continue;
    search.set(name, typeof value === "object" ? value.join(",") : String(value));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Read the {code, message, fields} body; anything else (a proxy's HTML page) gets a sentence of its own. */
export function toApiError(status: number, body: string): ApiError {
  let parsed: unknown = null;
  try {
    parsed = JSON.parse(body);
  } catch {
    // not JSON: a proxy answered, not the app
  }
  if (isRecord(parsed) && typeof parsed.message === "string") {
    const fields = isRecord(parsed.fields) ? parsed.fields : {};
    const sentences = Object.entries(fields).map(([name, value]): [string, string] => [
      name,
      Array.isArray(value) ? value.join(" ") : String(value),
    ]);
    const code = typeof parsed.code === "string" ? parsed.code : "refused";
    return new ApiError(status, code, parsed.message, Object.fromEntries(sentences));
  }
  if (status === 413) {
    return new ApiError(status, "too_large", "The server refused this as too large.");
  }
  if (status === 502 || status === 503 || status === 504) {
    return new ApiError(status, "unavailable", "The server is starting or busy. Try again in a moment.");
  }
  return new ApiError(status, "refused", `The server answered with an error (${status}). Try again.`);
}

async function send(
  method: string,
  path: string,
  { params, signal, body }: RequestOptions & { body?: unknown } = {},
): Promise<Response> {
  const headers = new Headers({ Accept: "application/json" });
  if (method !== "GET") headers.set("X-CSRFToken", csrfToken());
  // the browser itself says where the parts of a form begin
  const form = body instanceof FormData;
  if (body !== undefined && !form) headers.set("Content-Type", "application/json");
  let response: Response;
  try {
    response = await fetch(withParams(path, params), {
      method,
      headers,
      credentials: "same-origin",
      body: body === undefined ? null : form ? body : JSON.stringify(body),
      signal: signal ?? null,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "network", UNREACHABLE);
  }
  if (!response.ok) throw toApiError(response.status, await response.text());
  return response;
}

async function json<T>(response: Response): Promise<T> {
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export const api = {
  get: async <T>(path: string, options?: RequestOptions): Promise<T> =>
    json(await send("GET", path, options)),
  post: async <T>(path: string, body?: unknown, options?: RequestOptions): Promise<T> =>
    json(await send("POST", path, { ...options, body: body ?? {} })),
  /** Files, with what belongs to them. */
  form: async <T>(path: string, body: FormData): Promise<T> => json(await send("POST", path, { body })),
  patch: async <T>(path: string, body: unknown): Promise<T> => json(await send("PATCH", path, { body })),
  delete: async (path: string, options?: RequestOptions): Promise<void> => {
    await send("DELETE", path, options);
  },
  /** Octet streams: heatmaps, frame times. */
  bytes: async (path: string, options?: RequestOptions): Promise<Bytes> => {
    const response = await send("GET", path, options);
    return { data: await response.arrayBuffer(), headers: response.headers };
  },
  /** Every page of a list, in order. For lists that people see whole (videos, members), not for segments. */
  all: async <T>(path: string, options?: RequestOptions): Promise<T[]> => {
    const rows: T[] = [];
    for (let page = 1; ; page += 1) {
      const params = { ...options?.params, page, page_size: 500 };
      const answer = await api.get<Page<T>>(path, { ...options, params });
      rows.push(...answer.results);
      if (!answer.next) return rows;
    }
  },
};
