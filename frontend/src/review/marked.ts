import type { Uuid } from "../api/types";

/** Items marked for one decision about all of them. */
export type Marked = ReadonlySet<Uuid>;

export const NONE_MARKED: Marked = new Set();

export function toggleMark(marked: Marked, subject: Uuid): Marked {
  const changed = new Set(marked);
  if (!changed.delete(subject)) changed.add(subject);
  return changed;
}

/** Everything from the last marked one to this one, as a list shows them. */
export function markRange(marked: Marked, shown: readonly Uuid[], to: Uuid): Marked {
  const end = shown.indexOf(to);
  const begin = shown.findLastIndex((one, n) => n !== end && marked.has(one));
  if (end < 0 || begin < 0) return toggleMark(marked, to);
  return new Set([...marked, ...shown.slice(Math.min(begin, end), Math.max(begin, end) + 1)]);
}

const MOST = 5000;

/** Which items I have opened, on this browser: whoever decides many at once is told how many they never saw. */
export class OpenedItems {
  private readonly known: Set<Uuid>;

  constructor(
    private readonly name = "vadreview.opened",
    private readonly storage: Storage | null = browserStorage(),
  ) {
    this.known = new Set(this.read());
  }

  add(subject: Uuid): void {
    if (this.known.has(subject)) return;
    this.known.add(subject);
    try {
      this.storage?.setItem(this.name, JSON.stringify([...this.known].slice(-MOST)));
    } catch {
      // storage is full or forbidden: it holds until the page is left
    }
  }

  countNever(subjects: Iterable<Uuid>): number {
    let count = 0;
    for (const subject of subjects) if (!this.known.has(subject)) count += 1;
    return count;
  }

  private read(): Uuid[] {
    try {
      const parsed: unknown = JSON.parse(this.storage?.getItem(this.name) ?? "[]");
      return Array.isArray(parsed) ? parsed.filter((one) => typeof one === "string") : [];
    } catch {
      return [];
    }
  }
}

function browserStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
