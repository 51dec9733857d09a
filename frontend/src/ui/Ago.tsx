import { formatAgo, formatDateTime } from "../lib/format";

/** "5 minutes ago"; the exact time on hover. */
export function Ago({ time }: { time: string }) {
  return (
    <time dateTime={time} title={formatDateTime(time)}>
      {formatAgo(time)}
    </time>
  );
}
