import { type DetailedError, Upload } from "tus-js-client";

import { csrfToken, toApiError } from "../api/client";
import type { ResumeStore } from "./resumeStore";

/** What sends one file. The queue knows nothing else about how bytes travel. */
export type Transfer = { start: () => void; pause: () => Promise<void>; cancel: () => Promise<void> };

export type TransferEvents = {
  /** the upload's address on the server, as soon as there is one */
  opened: (url: string) => void;
  progress: (sent: number) => void;
  /** the line is down or the server busy; it is tried again by itself */
  waiting: (reason: string) => void;
  done: (video: string | null) => void;
  failed: (reason: string) => void;
};

export type TransferRequest = { file: File; path: string; project: string };

export type Transport = (request: TransferRequest, events: TransferEvents) => Transfer;

const ENDPOINT = "/api/uploads/";
const CHUNK_BYTES = 8 * 1024 ** 2;
// A server restart takes seconds, a night without network hours: go on trying, ever more rarely. The count starts
// anew with each byte that gets through.
const RETRY_MS = [0, 1000, 2000, 5000, 10_000, 20_000, ...Array.from({ length: 120 }, () => 30_000)];

/** Is it worth sending again? A refusal (4xx, a full disk) stays one, but for a moved offset, a lock, a throttle. */
export function worthRetrying(status: number): boolean {
  if (status === 409 || status === 423 || status === 429 || status === 460) return true;
  return status === 0 || (status >= 500 && status !== 507);
}

/** The server's sentence when it gave one. */
export function failureReason(error: Error): string {
  const response = "originalResponse" in error ? (error as DetailedError).originalResponse : null;
  if (response) return toApiError(response.getStatus(), response.getBody()).message;
  if (error.message.includes("originated from request")) return "The server cannot be reached.";
  return error.message;
}

/** tus 1.0, with the session's CSRF token, resuming where `store` says that this file began before. */
export function tusTransport(store: ResumeStore): Transport {
  return ({ file, path, project }, events) => {
    let video: string | null = null;
    const upload = new Upload(file, {
      endpoint: ENDPOINT,
      uploadUrl: store.find(file, project),
      chunkSize: CHUNK_BYTES,
      retryDelays: RETRY_MS,
      storeFingerprintForResuming: false,
      metadata: { filename: file.name, project, relativepath: path === file.name ? "" : path },
      onBeforeRequest: (request) => request.setHeader("X-CSRFToken", csrfToken()),
      onAfterResponse: (_, response) => {
        video = response.getHeader("X-Video") || video;
      },
      onUploadUrlAvailable: () => {
        if (!upload.url) return;
        store.remember(file, project, upload.url);
        events.opened(upload.url);
      },
      onProgress: (sent) => events.progress(sent),
      onShouldRetry: (error) => {
        const status = error.originalResponse?.getStatus() ?? 0;
        if (!worthRetrying(status)) return false;
        events.waiting(status === 0 ? "Connection lost. Trying again by itself" : failureReason(error));
        return true;
      },
      onSuccess: () => {
        store.forget(file, project);
        events.done(video);
      },
      onError: (error) => events.failed(failureReason(error)),
    });
    return {
      start: () => upload.start(),
      pause: () => upload.abort(false),
      cancel: async () => {
        store.forget(file, project);
        await upload.abort(true);
      },
    };
  };
}
