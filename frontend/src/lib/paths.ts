/** Every address of the app, so that no page spells another's out. */

type Id = string;

export type ReviewPlace = { run?: Id | null; segment?: Id | null; frame?: number | null };

const project = (id: Id): string => `/projects/${id}`;

export const paths = {
  projects: "/projects",
  account: "/account",
  signIn: (next?: string): string =>
    next && next !== "/" ? `/signin?next=${encodeURIComponent(next)}` : "/signin",
  project,
  footage: (id: Id): string => `${project(id)}/footage`,
  runs: (id: Id): string => `${project(id)}/runs`,
  /** `like`: a run to begin from. */
  newRun: (id: Id, like?: Id): string => `${project(id)}/runs/new${like ? `?like=${like}` : ""}`,
  run: (id: Id, run: Id): string => `${project(id)}/runs/${run}`,
  /** Two runs side by side: what changed from the first to the second. */
  compare: (id: Id, first?: Id, second?: Id): string =>
    `${project(id)}/runs/compare${first && second ? `?a=${first}&b=${second}` : ""}`,
  datasets: (id: Id): string => `${project(id)}/datasets`,
  team: (id: Id): string => `${project(id)}/team`,
  settings: (id: Id): string => `${project(id)}/settings`,
  /** A moment on the review desk. Without a video the desk opens the first one that has something to review. */
  review: (id: Id, video?: Id | null, place: ReviewPlace = {}): string => {
    const search = new URLSearchParams();
    if (place.run) search.set("run", place.run);
    if (place.segment) search.set("segment", place.segment);
    if (place.frame !== null && place.frame !== undefined) search.set("frame", String(place.frame));
    const query = search.toString();
    return `${project(id)}/review${video ? `/${video}` : ""}${query ? `?${query}` : ""}`;
  },
};

/** Where to go after signing in: an address of this app, never of another site. */
export function safeNext(next: string | null): string | null {
  if (!next || !next.startsWith("/") || next.startsWith("//") || next.includes("\\")) return null;
  return next.startsWith("/signin") ? null : next;
}
