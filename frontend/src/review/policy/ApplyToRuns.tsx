import { Button, Checkbox, Group, Modal, Stack } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { useState } from "react";

import { useApplyPolicy, usePolicyChanges } from "../../api/queries/policies";
import { fetchPreview } from "../../api/queries/segments";
import { isActive } from "../../api/polling";
import type { Run, SavedPolicy, Uuid } from "../../api/types";
import { formatCount, plural } from "../../lib/format";
import { runName } from "../../runs/names";
import { FormError } from "../../ui/FormError";
import { useReviewSession } from "../session";
import classes from "./policy.module.css";
import { PolicyProgress } from "./PolicyProgress";

/** Which runs to apply a policy to, what it changes in each, and the work while it is done. */
export function ApplyToRuns({ saved, onClose }: { saved: SavedPolicy; onClose: () => void }) {
  const { project, runs } = useReviewSession();
  const done = runs.filter((run) => run.stage === "done");
  const [chosen, setChosen] = useState<ReadonlySet<Uuid>>(
    () => new Set(done.filter((run) => run.detector === saved.detector).map((run) => run.id)),
  );
  const [later, setLater] = useState(false);
  const [asked, setAsked] = useState<Uuid | null>(null);
  const { data: changes } = usePolicyChanges(project.id);
  const apply = useApplyPolicy(project.id);
  const change = changes?.find((one) => one.id === asked) ?? changes?.find((one) => isActive(one.job));
  const taken = done.filter((run) => chosen.has(run.id));
  const videos = new Set(
    taken.flatMap((run) => run.videos.filter((one) => one.scores).map((one) => one.video)),
  );
  const names = [...new Set(taken.map((run) => run.detector_title))].join(", ");

  return (
    <Modal opened onClose={onClose} title={`Apply “${saved.name}” to runs`} size="lg">
      {change ? (
        <Stack gap="sm">
          <PolicyProgress change={change} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {isActive(change.job) ? "Go on in the background" : "Close"}
            </Button>
          </Group>
        </Stack>
      ) : (
        <Stack gap="sm">
          <Choice saved={saved} runs={done} chosen={chosen} onChoose={setChosen} />
          <Checkbox
            size="sm"
            checked={later}
            disabled={taken.length === 0}
            label={`Later runs of ${names || "these detectors"} begin with it too`}
            onChange={(event) => setLater(event.currentTarget.checked)}
          />
          <p className={classes.dim}>
            The items of the chosen runs are proposed anew, in all their videos. No verdict is lost: an item
            whose event stays keeps its verdict, and what was accepted stays accepted. Other runs do not
            change.
          </p>
          <FormError error={apply.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button
              disabled={taken.length === 0}
              loading={apply.isPending}
              onClick={() =>
                apply.mutate(
                  { policy: saved.id, runs: taken.map((run) => run.id), later },
                  { onSuccess: ({ id }) => setAsked(id) },
                )
              }
            >
              Apply to {plural(taken.length, "run")}, {plural(videos.size, "video")}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

type ChoiceProps = {
  saved: SavedPolicy;
  runs: readonly Run[];
  chosen: ReadonlySet<Uuid>;
  onChoose: (chosen: ReadonlySet<Uuid>) => void;
};

/** What it would mean for each run: asked of the server, one after the other. */
function Choice({ saved, runs, chosen, onChoose }: ChoiceProps) {
  const previews = useQueries({
    queries: runs.map((run) => ({
      queryKey: ["segments", "preview", { run: run.id, policy: saved.policy, threshold: null }] as const,
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        fetchPreview({ run: run.id, policy: saved.policy, threshold: null }, signal),
      enabled: chosen.has(run.id),
      retry: false,
    })),
  });
  return (
    <table className={classes.runs}>
      <thead>
        <tr>
          <th>Run</th>
          <th>Detector</th>
          <th className={classes.number}>Videos</th>
          <th className={classes.number}>Items now</th>
          <th className={classes.number}>then</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run, n) => (
          <tr key={run.id}>
            <td>
              <Checkbox
                size="xs"
                label={runName(run)}
                checked={chosen.has(run.id)}
                onChange={(event) => {
                  const changed = new Set(chosen);
                  if (event.currentTarget.checked) changed.add(run.id);
                  else changed.delete(run.id);
                  onChoose(changed);
                }}
              />
            </td>
            <td>{run.detector_title}</td>
            <td className={classes.number}>{run.videos.filter((one) => one.scores).length}</td>
            <td className={classes.number}>{formatCount(run.segments)}</td>
            <td className={classes.number}>
              {chosen.has(run.id) ? (previews[n]?.data ? formatCount(previews[n].data.segments) : "…") : "–"}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
