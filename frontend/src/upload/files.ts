/** What a drop or a file chooser holds: files, also from inside of folders, and what was left out and why. */

export type Picked = { file: File; path: string };
export type Selection = { files: Picked[]; skipped: string[] };

const VIDEO_ENDINGS = new Set(
  "3gp asf avi dav divx dv f4v flv gif h264 h265 hevc ifv m2ts m2v m4v mjpeg mjpg mkv mov mp4 mpeg mpg mts mxf ogm ogv qt rm rmvb ts vob webm wmv y4m".split(
    " ",
  ),
);
const LITTER = /^(\.|~\$|Thumbs\.db$|desktop\.ini$)/i;

export function looksLikeVideo(name: string): boolean {
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase();
  return ending !== undefined && VIDEO_ENDINGS.has(ending);
}

/**
 * Sort out what came. A file that a person chose by itself is always sent: the server looks inside and says why
 * if it cannot use it. From a folder only what looks like a video is, and the rest is named.
 */
export function sortOut(picked: readonly Picked[]): Selection {
  const files: Picked[] = [];
  const skipped: string[] = [];
  for (const item of picked) {
    const inFolder = item.path.includes("/");
    if (LITTER.test(item.file.name)) continue;
    if (inFolder && !looksLikeVideo(item.file.name)) skipped.push(item.path);
    else files.push(item);
  }
  files.sort((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));
  return { files, skipped };
}

/** From <input type=file>, with or without `webkitdirectory`. */
export function fromInput(list: Iterable<File>): Selection {
  return sortOut(Array.from(list, (file) => ({ file, path: file.webkitRelativePath || file.name })));
}

/** From a drop. The entries must be taken before the first await: the browser empties the transfer after the event. */
export async function fromDrop(transfer: DataTransfer): Promise<Selection> {
  const entries = Array.from(transfer.items)
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry());
  if (entries.every((entry) => entry === null)) return fromInput(transfer.files);
  const picked: Picked[] = [];
  for (const entry of entries) if (entry) await walk(entry, picked);
  return sortOut(picked);
}

async function walk(entry: FileSystemEntry, picked: Picked[]): Promise<void> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    picked.push({ file, path: entry.fullPath.replace(/^\//, "") });
  } else if (isFolder(entry)) {
    const reader = entry.createReader();
    // a reader gives at most 100 entries at a time, and an empty list at the end
    for (;;) {
      const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (batch.length === 0) return;
      for (const inner of batch) await walk(inner, picked);
    }
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
