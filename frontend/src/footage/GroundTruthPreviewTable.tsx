import { Select, Table, Text } from "@mantine/core";

import type { ChosenVideos } from "../api/queries/groundTruth";
import type { GroundTruthMatch, GroundTruthPreview, KnownSpan, Uuid, Video } from "../api/types";
import { formatCount, plural } from "../lib/format";
import { Notice } from "../ui/Notice";
import { StatusBadge } from "../ui/StatusBadge";
import classes from "./groundTruth.module.css";

const SHOWN = 4;

/** What each file would say about which video, before anything is stored. */
export function GroundTruthPreviewTable(props: { preview: GroundTruthPreview } & Picking) {
  const { preview, ...picking } = props;
  const { matches, unread } = preview;
  return (
    <>
      {unread.length > 0 && (
        <Notice title={`${plural(unread.length, "file")} could not be read`}>
          <ul className={classes.plain}>
            {unread.slice(0, 20).map(({ file, reason }) => (
              <li key={`${file}:${reason}`}>
                <b>{file}</b>: {reason}
              </li>
            ))}
            {unread.length > 20 && <li>and {unread.length - 20} more</li>}
          </ul>
        </Notice>
      )}
      {matches.length > 0 && (
        <div className={classes.scroll} tabIndex={0} role="region" aria-label="What would be imported">
          <Table stickyHeader>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>In the file</Table.Th>
                <Table.Th>Video</Table.Th>
                <Table.Th>As written</Table.Th>
                <Table.Th>Frames, from 0, end not included</Table.Th>
                <Table.Th ta="right">Abnormal</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {matches.map((match, place) => (
                <Row key={place} match={match} {...picking} />
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </>
  );
}

/** Which video is meant, where the names do not say. */
type Picking = {
  videos: readonly Video[];
  chosen: ChosenVideos;
  onChoose: (name: string, video: Uuid) => void;
};

function Row({ match, ...picking }: { match: GroundTruthMatch } & Picking) {
  const fits = match.status === "ready";
  const byHand = ["no_video", "ambiguous"].includes(match.status) || match.name in picking.chosen;
  return (
    <Table.Tr className={classes.row}>
      <Table.Td>
        <b>{match.name === "*" ? "All videos" : match.name}</b>
        <Text size="xs" c="dimmed">
          {match.format}
        </Text>
      </Table.Td>
      <Table.Td>
        <StatusBadge tone={fits ? "done" : "failed"}>{match.video_name ?? "No video"}</StatusBadge>
        {!fits && <Text size="sm">{match.reason}</Text>}
        {byHand && match.name !== "*" && <VideoChoice name={match.name} {...picking} />}
        {fits && match.replaces > 0 && (
          <Text size="xs" c="dimmed">
            In place of {plural(match.replaces, "event")} known now
          </Text>
        )}
        {match.notes.map((note) => (
          <Text key={note} size="xs" c="dimmed">
            {note}
          </Text>
        ))}
      </Table.Td>
      <Table.Td>
        <Spans spans={match.spans} count={match.span_count} show={(span) => span.written || "–"} />
        <Text size="xs" c="dimmed">
          {match.counting}
        </Text>
      </Table.Td>
      <Table.Td>
        <Spans
          spans={match.spans}
          count={match.span_count}
          show={(span) => `${span.start}–${span.stop}${span.label ? ` ${span.label}` : ""}`}
        />
        {fits && match.span_count === 0 && "All of it is normal"}
      </Table.Td>
      <Table.Td ta="right">
        {fits && match.n_frames !== null
          ? `${formatCount(match.abnormal_frames)} of ${formatCount(match.n_frames)}`
          : "–"}
      </Table.Td>
    </Table.Tr>
  );
}

function VideoChoice({ name, videos, chosen, onChoose }: { name: string } & Picking) {
  return (
    <Select
      size="xs"
      mt={4}
      maw={260}
      searchable
      allowDeselect={false}
      aria-label={`Video that “${name}” means`}
      placeholder="Choose its video"
      nothingFoundMessage="No video of that name"
      data={videos.map((video) => ({ value: video.id, label: video.name }))}
      value={chosen[name] ?? null}
      onChange={(video) => video && onChoose(name, video)}
    />
  );
}

function Spans(props: { spans: readonly KnownSpan[]; count: number; show: (span: KnownSpan) => string }) {
  const { spans, count, show } = props;
  return (
    <ul className={classes.plain}>
      {spans.slice(0, SHOWN).map((span, place) => (
        <li key={place}>{show(span)}</li>
      ))}
      {count > SHOWN && <li>and {formatCount(count - SHOWN)} more</li>}
    </ul>
  );
}
