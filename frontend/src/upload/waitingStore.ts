/**
 * The names of files that were chosen and had not arrived when the page went away. The browser gives no file back after
 * a reload, so all that can be kept is which ones to choose again; kept in this browser, for this person.
 */

export type WaitingFile = { project: string; path: string; size: number; lastModified: number };

const MOST = 500;
const KEEP_MS = 7 * 24 * 3600 * 1000;

type Kept = WaitingFile & { at: number };

export class WaitingStore {
  readonly #storage: Storage;
  readonly #key: string;

  constructor(storage: Storage, user: string) {
    this.#storage = storage;
    this.#key = `vadreview.waiting.${user}`;
  }

  /** Of one project, in the order they were chosen. */
  list(project: string): WaitingFile[] {
    return this.#read().filter((one) => one.project === project);
  }

  add(files: readonly WaitingFile[]): void {
    const others = this.#read().filter((one) => !files.some((file) => same(file, one)));
    this.#write([...others, ...files.map((file) => ({ ...file, at: Date.now() }))]);
  }

  remove(gone: (file: WaitingFile) => boolean): void {
    this.#write(this.#read().filter((one) => !gone(one)));
  }

  #read(): Kept[] {
    try {
      const parsed: unknown = JSON.parse(this.#storage.getItem(this.#key) ?? "[]");
      return Array.isArray(parsed) ? parsed.filter(isKept) : [];
    } catch {
      return [];
    }
  }

  #write(files: readonly Kept[]): void {
    try {
      this.#storage.setItem(this.#key, JSON.stringify(files.slice(-MOST)));
    } catch {
      // no room, or storage is forbidden: the list is not kept, the uploads themselves go on
    }
  }
}

export function same(one: WaitingFile, other: WaitingFile): boolean {
  return (
    one.project === other.project &&
    one.path === other.path &&
    one.size === other.size &&
    one.lastModified === other.lastModified
  );
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== "object" || value === null) return false;
  const { project, path, size, lastModified, at } = value as Record<string, unknown>;
  return (
    typeof project === "string" &&
    typeof path === "string" &&
    typeof size === "number" &&
    typeof lastModified === "number" &&
    typeof at === "number" &&
    Date.now() - at < KEEP_MS
  );
}
