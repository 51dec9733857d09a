import { describe, expect, test } from "vitest";

import { fromDrop, fromInput, looksLikeVideo } from "./files";

const named = (name: string) => new File(["x"], name);

function inFolder(name: string, path: string): File {
  const file = named(name);
  Object.defineProperty(file, "webkitRelativePath", { value: path });
  return file;
}

test("a file chosen by itself is always sent: the server says what is wrong with it", () => {
  const { files, skipped } = fromInput([named("notes.txt")]);
  expect(files.map(({ path }) => path)).toEqual(["notes.txt"]);
  expect(skipped).toEqual([]);
});

test("from a folder only videos are taken, the rest is named, litter is not", () => {
  const { files, skipped } = fromInput([
    inFolder("10.MP4", "cam/10.MP4"),
    inFolder("2.mp4", "cam/2.mp4"),
    inFolder("notes.txt", "cam/notes.txt"),
    inFolder(".DS_Store", "cam/.DS_Store"),
    inFolder("Thumbs.db", "cam/Thumbs.db"),
  ]);
  expect(files.map(({ path }) => path)).toEqual(["cam/2.mp4", "cam/10.MP4"]);
  expect(skipped).toEqual(["cam/notes.txt"]);
});

test.each([
  ["a.mp4", true],
  ["a.b.AVI", true],
  ["mp4", false],
  ["a.mp4.part", false],
])("%s looks like a video: %s", (name, yes) => expect(looksLikeVideo(name)).toBe(yes));

describe("a drop", () => {
  const entryOf = (path: string) =>
    ({
      isFile: true,
      isDirectory: false,
      fullPath: path,
      file: (done: (file: File) => void) => done(named(path.split("/").at(-1) ?? "")),
    }) as unknown as FileSystemEntry;

  const folderOf = (path: string, batches: FileSystemEntry[][]) =>
    ({
      isFile: false,
      isDirectory: true,
      fullPath: path,
      createReader: () => ({
        readEntries: (done: (entries: FileSystemEntry[]) => void) => done(batches.shift() ?? []),
      }),
    }) as unknown as FileSystemEntry;

  const transferOf = (...entries: (FileSystemEntry | null)[]) =>
    ({
      items: entries.map((entry) => ({ kind: "file", webkitGetAsEntry: () => entry })),
      files: [named("plain.mp4")],
    }) as unknown as DataTransfer;

  test("folders are read to the end, however many batches the browser makes of them", async () => {
    const night = folderOf("/cam/night", [[entryOf("/cam/night/3.mp4")]]);
    const cam = folderOf("/cam", [[entryOf("/cam/1.mp4")], [entryOf("/cam/2.mp4"), night]]);

    const { files } = await fromDrop(transferOf(cam, entryOf("/single.avi")));

    expect(files.map(({ path }) => path)).toEqual([
      "cam/1.mp4",
      "cam/2.mp4",
      "cam/night/3.mp4",
      "single.avi",
    ]);
  });

  test("without folder support the plain list of files is taken", async () => {
    const { files } = await fromDrop(transferOf(null));
    expect(files.map(({ path }) => path)).toEqual(["plain.mp4"]);
  });
});
