import { Checkbox, Radio, Stack, Table, Text } from "@mantine/core";

import { ChevronRight } from "lucide-react";

import type { NewRunMode, Uuid, Video } from "../api/types";
import { formatLength, plural } from "../lib/format";
import { allFootage, type Footage } from "./plan";
import classes from "./runs.module.css";

/** Which videos a run learns from, and which it scores. */
export function FootageChoice(props: {
  ready: readonly Video[];
  footage: Footage;
  error: string | null;
  onChange: (footage: Footage) => void;
}) {
  const { ready, footage, onChange } = props;
  const leftOut = ready.filter(({ id }) => !footage.train.has(id) || !footage.score.has(id)).length;
  const setMode = (mode: NewRunMode) =>
    onChange(
      mode === "merged"
        ? allFootage(ready)
        : { mode, train: new Set(), score: new Set(ready.map(({ id }) => id)) },
    );
  return (
    <Stack gap="md">
      <Radio.Group
        aria-label="What to learn from"
        value={footage.mode}
        onChange={(value) => setMode(value === "partial" ? "partial" : "merged")}
      >
        <Stack gap="sm">
          <Radio
            value="merged"
            label="Learn from all footage, and score all of it"
            description="The usual way. Nothing needs to be known beforehand: what happens often counts as usual, what is rare stands out."
          />
          <Radio
            value="partial"
            label="Learn from chosen videos, and score the others"
            description="When you know which videos show only ordinary activity. A video that is learned from is not scored unless you tick both."
          />
        </Stack>
      </Radio.Group>
      {footage.mode === "merged" ? (
        <details className={classes.fold}>
          <summary>
            <ChevronRight size={14} aria-hidden /> Leave some videos out
            {leftOut > 0 && <span className={classes.changes}>{leftOut} left out</span>}
          </summary>
          <VideoTicks {...props} />
        </details>
      ) : (
        <VideoTicks {...props} />
      )}
      {props.error && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {props.error}
        </Text>
      )}
    </Stack>
  );
}

function toggled(ids: ReadonlySet<Uuid>, id: Uuid, on: boolean): Set<Uuid> {
  const next = new Set(ids);
  if (on) next.add(id);
  else next.delete(id);
  return next;
}

function VideoTicks({
  ready,
  footage,
  onChange,
}: {
  ready: readonly Video[];
  footage: Footage;
  onChange: (footage: Footage) => void;
}) {
  const partial = footage.mode === "partial";
  const learn = (id: Uuid, on: boolean) =>
    onChange({
      ...footage,
      train: toggled(footage.train, id, on),
      // ticking "learn" takes a video out of the scored ones; both can still be ticked
      score: partial ? toggled(footage.score, id, !on) : footage.score,
    });
  const all = new Set(ready.map(({ id }) => id));
  const has = (ids: ReadonlySet<Uuid>) => ready.filter(({ id }) => ids.has(id)).length;
  return (
    <div className={classes.ticks}>
      <Table stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="100%">{plural(ready.length, "video")}</Table.Th>
            <Table.Th className={classes.oneLine}>
              <Checkbox
                label="Learn from"
                checked={has(footage.train) === ready.length}
                indeterminate={has(footage.train) > 0 && has(footage.train) < ready.length}
                onChange={(event) =>
                  onChange({ ...footage, train: event.currentTarget.checked ? all : new Set() })
                }
              />
            </Table.Th>
            <Table.Th>
              <Checkbox
                label="Score"
                checked={has(footage.score) === ready.length}
                indeterminate={has(footage.score) > 0 && has(footage.score) < ready.length}
                onChange={(event) =>
                  onChange({ ...footage, score: event.currentTarget.checked ? all : new Set() })
                }
              />
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ready.map((video) => (
            <Table.Tr key={video.id}>
              <Table.Td className={classes.videoName} title={video.name}>
                {video.name} <span className={classes.dim}>{formatLength(video.duration_s)}</span>
              </Table.Td>
              <Table.Td>
                <Checkbox
                  aria-label={`Learn from ${video.name}`}
                  checked={footage.train.has(video.id)}
                  onChange={(event) => learn(video.id, event.currentTarget.checked)}
                />
              </Table.Td>
              <Table.Td>
                <Checkbox
                  aria-label={`Score ${video.name}`}
                  checked={footage.score.has(video.id)}
                  onChange={(event) =>
                    onChange({
                      ...footage,
                      score: toggled(footage.score, video.id, event.currentTarget.checked),
                    })
                  }
                />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
