import type { Job } from "./types";

/** How often a page asks again while work is under way. */
export const POLL_MS = 1500;

export function isActive(job: Job | null | undefined): boolean {
  return job?.status === "queued" || job?.status === "running";
}

/** A `refetchInterval` that asks again only while `busy` says so; a failed request waits longer. */
export function pollWhile<T>(busy: (data: T) => boolean, every: number = POLL_MS) {
  return (query: { state: { data: T | undefined; error: Error | null } }): number | false => {
    const { data, error } = query.state;
    if (data === undefined) return false;
    return busy(data) ? (error ? every * 4 : every) : false;
  };
}
