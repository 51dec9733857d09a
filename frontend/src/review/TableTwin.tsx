import { Anchor, Modal, Table, Tabs } from "@mantine/core";

import { useTrackWindow } from "../api/queries/tracks";
import { formatCount, formatScore } from "../lib/format";
import { formatClock, formatSeconds, spanSeconds, timeOf } from "../lib/frames";
import { LoadingState } from "../ui/states";
import { type Item, spanOf, STATE_NAMES, stateOf } from "./items";
import { useReviewSession } from "./session";
import { SCORE } from "./useRuns";

const ROWS = 60;

/** What the timeline draws, as tables: for screen readers, and for reading numbers. */
export function TableTwin({ onClose }: { onClose: () => void }) {
  const { video } = useReviewSession();
  return (
    <Modal opened onClose={onClose} size="xl" title={`Timeline of ${video.name} as text`}>
      <Tabs defaultValue="items">
        <Tabs.List>
          <Tabs.Tab value="items">Items</Tabs.Tab>
          <Tabs.Tab value="curve">Curve</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="items" pt="sm">
          <Items onClose={onClose} />
        </Tabs.Panel>
        <Tabs.Panel value="curve" pt="sm">
          <CurveRows />
        </Tabs.Panel>
      </Tabs>
    </Modal>
  );
}

function Items({ onClose }: { onClose: () => void }) {
  const { items, acts } = useReviewSession();
  if (items.length === 0) return <p>Nothing is proposed or decided on this video yet.</p>;
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Begins</Table.Th>
          <Table.Th>Length</Table.Th>
          <Table.Th>Frames</Table.Th>
          <Table.Th>Score</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th>Labels</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {items.map((item) => (
          <ItemRow
            key={item.subject}
            item={item}
            onOpen={() => {
              onClose();
              acts.open(item);
            }}
          />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function ItemRow({ item, onOpen }: { item: Item; onOpen: () => void }) {
  const { timebase } = useReviewSession();
  const span = spanOf(item);
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component="button" size="sm" c="var(--accent-text)" onClick={onOpen}>
          {formatClock(timeOf(timebase, span.start))}
        </Anchor>
      </Table.Td>
      <Table.Td>{formatSeconds(spanSeconds(timebase, span))}</Table.Td>
      <Table.Td>
        {formatCount(span.start)} to {formatCount(span.stop - 1)}
      </Table.Td>
      <Table.Td>
        {item.score === null
          ? item.audit
            ? "audit"
            : "drawn"
          : `${formatScore(item.score)} (${item.severity})`}
      </Table.Td>
      <Table.Td>{STATE_NAMES[stateOf(item)]}</Table.Td>
      <Table.Td>{item.judgement?.labels.join(", ")}</Table.Td>
    </Table.Tr>
  );
}

function CurveRows() {
  const { tracks, run, timebase } = useReviewSession();
  const track = tracks.find((one) => one.run === run?.id && one.name === SCORE);
  const query = useTrackWindow(track?.id, { start: 0, stop: timebase.total, width: ROWS });
  if (!track) return <p>No run has scored this video yet.</p>;
  if (!query.data) return <LoadingState label="Loading the curve" />;
  const { start, step, min, max } = query.data;
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>From</Table.Th>
          <Table.Th>Frame</Table.Th>
          <Table.Th>Smallest score</Table.Th>
          <Table.Th>Largest score</Table.Th>
          <Table.Th>Against the threshold</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {max.map((high, n) => (
          <Table.Tr key={start + n * step}>
            <Table.Td>{formatClock(timeOf(timebase, start + n * step))}</Table.Td>
            <Table.Td>{formatCount(start + n * step)}</Table.Td>
            <Table.Td>{formatScore(min[n])}</Table.Td>
            <Table.Td>{formatScore(high)}</Table.Td>
            <Table.Td>
              {run?.threshold == null || high === null ? "" : high > run.threshold ? "above" : "below"}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
