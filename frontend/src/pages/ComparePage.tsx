import { NativeSelect, Skeleton } from "@mantine/core";
import { Check, GitCompareArrows, TriangleAlert } from "lucide-react";
import { useSearchParams } from "react-router";

import { useComparedCurves, useComparison } from "../api/queries/compare";
import { useRuns } from "../api/queries/runs";
import type { Comparison, Project, Run } from "../api/types";
import { RankChanges, SegmentChanges } from "../compare/Changes";
import classes from "../compare/compare.module.css";
import { ComparedFigures } from "../compare/Figures";
import { paths } from "../lib/paths";
import { PlotlyFigure } from "../plots/PlotlyFigure";
import { runName } from "../runs/names";
import { Page } from "../ui/Page";
import { Panel } from "../ui/Panel";
import { useCurrentProject } from "../ui/projectContext";
import { EmptyState, QueryView } from "../ui/states";
import { usePageTitle } from "../ui/usePageTitle";

/** What changed from one run to another; which two, and which video is drawn, is in the address. */
export function ComparePage() {
  const project = useCurrentProject();
  usePageTitle("Compare", "Runs", project.name);
  const runs = useRuns({ project: project.id });
  return (
    <Page
      title="Compare two runs"
      summary="What changed on the frames that both have scored."
      up={{ to: paths.runs(project.id), label: "Runs" }}
    >
      <QueryView query={runs} loading={<Skeleton height={300} radius={6} />}>
        {(all) => <Choose project={project} runs={all.filter(({ stage }) => stage === "done")} />}
      </QueryView>
    </Page>
  );
}

function Choose({ project, runs }: { project: Project; runs: readonly Run[] }) {
  const [search, setSearch] = useSearchParams();
  const first = runs.find(({ id }) => id === search.get("a")) ?? null;
  const second = runs.find(({ id }) => id === search.get("b")) ?? null;
  if (runs.length < 2) {
    return (
      <EmptyState icon={<GitCompareArrows aria-hidden />} title="Two finished runs are needed">
        Start another run, or teach the detectors from your verdicts; then come back.
      </EmptyState>
    );
  }
  const choose = (which: "a" | "b" | "video", value: string) => {
    const next = new URLSearchParams(search);
    if (value) next.set(which, value);
    else next.delete(which);
    setSearch(next, { replace: which === "video" });
  };
  const options = [
    { value: "", label: "Choose a run" },
    ...runs.map((run) => ({
      value: run.id,
      label: `${runName(run)}, ${new Date(run.created_at).toLocaleString()}${run.learned ? " (taught)" : ""}`,
    })),
  ];
  return (
    <>
      <div className={classes.pick}>
        <NativeSelect
          label="A, before"
          data={options}
          value={first?.id ?? ""}
          onChange={(event) => choose("a", event.currentTarget.value)}
        />
        <NativeSelect
          label="B, after"
          data={options}
          value={second?.id ?? ""}
          onChange={(event) => choose("b", event.currentTarget.value)}
        />
      </div>
      {first && second && first.id !== second.id ? (
        <Compared
          project={project}
          runs={[first, second]}
          video={search.get("video")}
          showVideo={(video) => choose("video", video)}
        />
      ) : (
        <EmptyState icon={<GitCompareArrows aria-hidden />} title="Choose two different runs" />
      )}
    </>
  );
}

function Compared(props: {
  project: Project;
  runs: readonly [Run, Run];
  video: string | null;
  showVideo: (video: string) => void;
}) {
  const { project, runs } = props;
  const query = useComparison(runs[0].id, runs[1].id);
  return (
    <QueryView query={query} loading={<Skeleton height={480} radius={6} />}>
      {(comparison) => (
        <>
          <Panel title="Is it fair?">
            <Fairness comparison={comparison} />
          </Panel>
          <Panel title="Figures" flush>
            <ComparedFigures figures={comparison.figures} />
          </Panel>
          <Curves {...props} comparison={comparison} />
          <Panel title="Proposed segments" flush>
            <SegmentChanges comparison={comparison} project={project} runs={runs} />
          </Panel>
          <Panel
            title="What people judged"
            summary="How strange accepted and rejected spans are to both runs."
            flush
          >
            <RankChanges comparison={comparison} project={project} />
          </Panel>
        </>
      )}
    </QueryView>
  );
}

function Fairness({ comparison }: { comparison: Comparison }) {
  return (
    <ul className={classes.fair}>
      {comparison.fairness.map(({ fine, sentence }) => (
        <li key={sentence} data-fine={fine}>
          {fine ? <Check size={16} aria-label="Fair:" /> : <TriangleAlert size={16} aria-label="Mind:" />}
          {sentence}
        </li>
      ))}
    </ul>
  );
}

function Curves(props: {
  runs: readonly [Run, Run];
  comparison: Comparison;
  video: string | null;
  showVideo: (video: string) => void;
}) {
  const { runs, comparison } = props;
  const shown = comparison.videos.find(({ id }) => id === props.video) ?? comparison.videos[0];
  const query = useComparedCurves(runs[0].id, runs[1].id, shown?.id ?? null);
  return (
    <Panel
      title="Curves"
      actions={
        <NativeSelect
          size="xs"
          aria-label="Video"
          value={shown?.id ?? ""}
          data={comparison.videos.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(event) => props.showVideo(event.currentTarget.value)}
        />
      }
    >
      <QueryView query={query} loading={<Skeleton height={300} radius={6} />}>
        {(plot) => <PlotlyFigure plot={plot} height={300} />}
      </QueryView>
    </Panel>
  );
}
