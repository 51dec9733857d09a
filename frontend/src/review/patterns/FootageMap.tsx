import { Button, Menu, Modal, SegmentedControl, Select } from "@mantine/core";
import { Download, Maximize2 } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";

import { selectSpans, usePatternMaps, usePatterns, usePatternStates } from "../../api/queries/patterns";
import type { Run } from "../../api/types";
import { formatCount, formatScore } from "../../lib/format";
import { useStore } from "../../lib/store";
import { detectorColor } from "../../ui/colors";
import { notifyError } from "../../ui/notify";
import { ErrorState, LoadingState } from "../../ui/states";
import { leaveField } from "../keymap";
import { useReviewSession } from "../session";
import { say } from "../tools";
import { MapCanvas } from "./MapCanvas";
import { type ColorBy, type Look, STATE_WORDS } from "./paint";
import { frameOf, type Points, pointsOf, spansOf } from "./points";
import { Selection } from "./Selection";
import { TsneJob } from "./TsneJob";
import tab from "../tab.module.css";
import classes from "./patterns.module.css";

const COLORS: { value: ColorBy; label: string }[] = [
  { value: "score", label: "by score" },
  { value: "label", label: "by label" },
  { value: "video", label: "by video" },
];

/** Every window of the run as a point. */
export function FootageMap({ run }: { run: Run }) {
  const { tools } = useReviewSession();
  const { method, by } = useStore(tools.patterns, (value) => value);
  const [large, setLarge] = useState(false);
  const maps = usePatternMaps(run.id);
  const finished = maps.data?.find((map) => map.job.status === "done") ?? null;
  // PCA stays on the screen until the other map is there
  const map = method === "tsne" ? (finished?.id ?? null) : null;
  const state = run.videos.map((one) => one.job?.finished_at ?? "").join();
  const query = usePatterns(run.id, map, state);
  const states = usePatternStates(run.id, by === "label");
  const points = useMemo(() => (query.data ? pointsOf(query.data) : null), [query.data]);
  const look: Look = useMemo(
    () => ({
      by,
      states: states.data?.states ?? null,
      centre: points ? median(points.score) : 0,
      threshold: run.threshold ?? Infinity,
    }),
    [by, states.data, points, run.threshold],
  );

  if (query.isError && !query.data)
    return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (!query.data || !points) return <LoadingState label="Laying out the windows" />;
  const plot = (height: number): ReactNode => <Plot points={points} look={look} height={height} run={run} />;
  return (
    <div className={classes.footage}>
      <div className={classes.row}>
        <SegmentedControl
          size="xs"
          aria-label="How the windows are laid out"
          value={method}
          onChange={(value) =>
            tools.patterns.set((old) => ({ ...old, method: value === "tsne" ? "tsne" : "pca" }))
          }
          data={[
            { value: "pca", label: "PCA" },
            { value: "tsne", label: "t-SNE" },
          ]}
        />
        <Select
          size="xs"
          aria-label="Colour"
          data={COLORS}
          value={by}
          allowDeselect={false}
          onChange={(value) => {
            leaveField();
            tools.patterns.set((old) => ({ ...old, by: (value ?? "score") as ColorBy }));
          }}
        />
        <Button
          size="compact-sm"
          variant="subtle"
          aria-label="Enlarge the map"
          title="Enlarge the map"
          onClick={() => setLarge(true)}
        >
          <Maximize2 size={14} aria-hidden />
        </Button>
        <Save run={run} map={map} by={by} />
      </div>
      {plot(280)}
      <Legend by={by} points={points} />
      {method === "tsne" && query.data.layout === "pca" && !finished && (
        <p className={tab.note}>PCA until a t-SNE map is made.</p>
      )}
      {query.data.notes.map((note) => (
        <p key={note} className={tab.note}>
          {note}
        </p>
      ))}
      {method === "tsne" && (
        <TsneJob
          key={maps.data?.[0]?.id ?? "none"}
          run={run.id}
          latest={maps.data?.[0] ?? null}
          windows={query.data.total}
        />
      )}
      <Selection />
      <Strangest points={points} run={run} />
      {large && (
        <Modal
          opened
          onClose={() => setLarge(false)}
          size="min(92vw, 900px)"
          title="Patterns of this footage"
        >
          {plot(520)}
          <Legend by={by} points={points} />
          <Selection />
        </Modal>
      )}
    </div>
  );
}

/** The same map as a Plotly figure: a page that opens anywhere, or its numbers. */
function Save({ run, map, by }: { run: Run; map: string | null; by: ColorBy }) {
  const query = new URLSearchParams({ by: by === "label" ? "label" : "score", ...(map && { map }) });
  const link = (kind: string) => `/api/runs/${run.id}/patterns/figure/?${query}&kind=${kind}`;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="compact-sm" variant="subtle" aria-label="Save the map" title="Save the map">
          <Download size={14} aria-hidden />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={link("html")} download>
          As a page (HTML)
        </Menu.Item>
        <Menu.Item component="a" href={link("json")} download>
          As numbers (JSON)
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function median(values: Float32Array): number {
  const sorted = values.slice().sort();
  return sorted[sorted.length >> 1] ?? 0;
}

type PlotProps = { points: Points; look: Look; height: number; run: Run };

function Plot({ points, look, height, run }: PlotProps) {
  const { tools, acts } = useReviewSession();
  const held = useStore(tools.selection, (value) => value);
  const select = useSelect(points, run);
  return (
    <MapCanvas
      points={points}
      look={look}
      height={height}
      chosen={held?.run === run.id ? held.places : null}
      onSeek={(place) =>
        acts.visit(points.videos[points.video[place] ?? 0]?.id ?? "", frameOf(points, place))
      }
      onLasso={(places) => void select(places)}
    />
  );
}

function useSelect(points: Points, run: Run): (places: number[]) => Promise<void> {
  const { tools } = useReviewSession();
  return async (places) => {
    if (places.length === 0) {
      tools.selection.set(null);
      return say(tools, "No window within the line");
    }
    try {
      const found = await selectSpans(run.id, spansOf(points, places));
      tools.selection.set({
        run: run.id,
        count: found.count,
        segments: found.segments as never,
        windows: places.length,
        places: new Set(places),
      });
    } catch (error) {
      notifyError(error, "The selection could not be looked up");
    }
  };
}

function Legend({ by, points }: { by: ColorBy; points: Points }) {
  if (by === "score") {
    return (
      <div className={classes.legend} aria-label="Colours">
        <span>usual</span>
        <i className={classes.ramp} aria-hidden />
        <span>3× the threshold</span>
      </div>
    );
  }
  if (by === "label") {
    return (
      <div className={classes.legend} aria-label="Colours">
        {(["open", "unsure", "normal", "abnormal"] as const).map((state) => (
          <span key={state}>
            <i className={classes.key} data-state={state} aria-hidden /> {STATE_WORDS[state]}
          </span>
        ))}
      </div>
    );
  }
  return (
    <div className={classes.legend} aria-label="Colours">
      {points.videos.slice(0, 8).map(({ id, name }, n) => (
        <span key={id}>
          <i className={classes.key} style={{ background: detectorColor(n) }} aria-hidden /> {name}
        </span>
      ))}
      {points.videos.length > 8 && <span>colours repeat after 8 videos</span>}
    </div>
  );
}

const ROWS = 40;

/** The map for those who cannot see or point at it: the strangest windows, and a way to select them. */
function Strangest({ points, run }: { points: Points; run: Run }) {
  const { acts } = useReviewSession();
  const select = useSelect(points, run);
  const [open, setOpen] = useState(false);
  const order = useMemo(() => {
    if (!open) return [];
    const all = Array.from({ length: points.count }, (_, n) => n);
    return all.sort((one, other) => (points.score[other] ?? 0) - (points.score[one] ?? 0));
  }, [points, open]);
  const above = order.filter((place) => (points.score[place] ?? 0) > (run.threshold ?? Infinity));
  return (
    <details className={classes.job} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The strangest windows as a table</summary>
      {above.length > 0 && (
        <Button size="compact-xs" variant="default" onClick={() => void select(above)}>
          Select the {formatCount(above.length)} above the threshold
        </Button>
      )}
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Score</th>
            <th scope="col">Video</th>
            <th scope="col">Frame</th>
          </tr>
        </thead>
        <tbody>
          {order.slice(0, ROWS).map((place) => {
            const video = points.videos[points.video[place] ?? 0];
            const frame = frameOf(points, place);
            return (
              <tr key={place}>
                <td>{formatScore(points.score[place] ?? null)}</td>
                <td>{video?.name}</td>
                <td>
                  <button
                    type="button"
                    className={classes.link}
                    onClick={() => acts.visit(video?.id ?? "", frame)}
                  >
                    {formatCount(frame)}
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </details>
  );
}
