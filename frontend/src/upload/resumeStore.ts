/**
 * Remembers which upload on the server belongs to which file, so that the same file goes on after a reload.
 *
 * Kept per person, and without file names: the key is a hash, so nothing about the footage stays behind in the browser.
 */

type FileLike = { name: string; size: number; lastModified: number };
type Entry = { url: string; at: number };

const KEEP_MS = 7 * 24 * 3600 * 1000;
const MOST = 1000;

export class ResumeStore {
  readonly #storage: Storage;
  readonly #key: string;

  constructor(storage: Storage, user: string) {
    this.#storage = storage;
    this.#key = `vadreview.uploads.${user}`;
  }

  find(file: FileLike, project: string): string | null {
    const entry = this.#read()[fingerprint(file, project)];
    return entry && Date.now() - entry.at < KEEP_MS ? entry.url : null;
  }

  remember(file: FileLike, project: string, url: string): void {
    const entries = this.#read();
    entries[fingerprint(file, project)] = { url, at: Date.now() };
    this.#write(entries);
  }

  forget(file: FileLike, project: string): void {
    const key = fingerprint(file, project);
    this.#write(Object.fromEntries(Object.entries(this.#read()).filter(([held]) => held !== key)));
  }

  #read(): Record<string, Entry> {
    try {
      const parsed: unknown = JSON.parse(this.#storage.getItem(this.#key) ?? "{}");
      return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, Entry>) : {};
    } catch {
      return {};
    }
  }

  #write(entries: Record<string, Entry>): void {
    const fresh = Object.entries(entries)
      .filter(([, entry]) => Date.now() - entry.at < KEEP_MS)
      .sort(([, a], [, b]) => b.at - a.at)
      .slice(0, MOST);
    try {
      this.#storage.setItem(this.#key, JSON.stringify(Object.fromEntries(fresh)));
    } catch {
      // no room, or storage is forbidden: this upload cannot go on after a reload, all else works
    }
  }
}

/** The same file has the same name, size and time of change. Its folder may be chosen differently the second time. */
export function fingerprint(file: FileLike, project: string): string {
  return hash([project, file.name, file.size, file.lastModified].join("\u0000"));
}

/** 64 bits of FNV-1a. Not a secret; `crypto.subtle` is missing where the page is not https. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n);
  }
  return value.toString(16).padStart(16, "0");
}
