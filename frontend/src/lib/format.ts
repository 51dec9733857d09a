/** Numbers, sizes and times as people read them. Frames are not converted here: see frames.ts. */

const integer = new Intl.NumberFormat("en");
const BYTE_UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

export function formatCount(value: number): string {
  return integer.format(value);
}

/** plural(1, "video") -> "1 video"; plural(2, "video") -> "2 videos". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A file's name without the unseen characters that would turn its reading direction, and hide its ending. */
export function visibleName(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}]/gu, " ");
}

/** Decimal units, as disks and file managers count. */
export function formatBytes(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** Footage length: 0:07, 12:05, 1:02:03. */
export function formatLength(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** How long something takes, in the two largest units: "45 s", "3 min 20 s", "2 h 5 min". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "unknown";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) {
    const rest = whole % 60;
    return `${Math.floor(whole / 60)} min${whole < 600 && rest ? ` ${rest} s` : ""}`;
  }
  const minutes = Math.floor((whole % 3600) / 60);
  return `${Math.floor(whole / 3600)} h${minutes ? ` ${minutes} min` : ""}`;
}

/** An estimate, without false precision: "under a minute", "about 7 min", "about 2.5 h". */
export function formatEstimate(seconds: number): string {
  if (!Number.isFinite(seconds)) return "unknown";
  if (seconds < 60) return "under a minute";
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min`;
  const hours = seconds / 3600;
  return `about ${hours < 10 ? Math.round(hours * 2) / 2 : Math.round(hours)} h`;
}

export function formatTimeLeft(seconds: number | null | undefined): string {
  return seconds === null || seconds === undefined ? "" : `${formatDuration(seconds)} left`;
}

export function formatPercent(fraction: number | null | undefined): string {
  if (fraction === null || fraction === undefined) return "";
  // never "100 %" before it is done
  const percent = Math.min(1, Math.max(0, fraction)) * 100;
  return `${percent < 100 ? Math.floor(percent) : 100} %`;
}

/** Three significant digits, for scores and losses. */
export function formatScore(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 100_000)) return value.toExponential(2);
  return String(Number(value.toPrecision(3)));
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

/** "5 minutes ago", "yesterday"; older than a month: the date. */
export function formatAgo(time: string, now: number = Date.now()): string {
  const seconds = (new Date(time).getTime() - now) / 1000;
  if (Math.abs(seconds) > 30 * 86400) return formatDate(time);
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return "just now";
}

export function formatDate(time: string): string {
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" }).format(
    new Date(time),
  );
}

export function formatDateTime(time: string): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(new Date(time));
}

/** "pseudo_label-states" -> "Pseudo label states". */
export function humanize(name: string): string {
  const words = name.replace(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const SILENT_S = 10; // workers give a sign every 2 seconds

/** That a worker has not been heard of for a while; empty while it is lively, or where none is at work. */
export function workerSilence(silent_s: number | null | undefined): string {
  if (silent_s == null || silent_s < SILENT_S) return "";
  return `no sign of the worker for ${formatDuration(silent_s)}`;
}
