import { Button, NumberInput } from "@mantine/core";
import { useState } from "react";

import { useAskMap, useCancelMap } from "../../api/queries/patterns";
import { isActive } from "../../api/polling";
import type { PatternMap, Uuid } from "../../api/types";
import { formatCount } from "../../lib/format";
import { JobProgress } from "../../ui/JobProgress";
import { notifyError } from "../../ui/notify";
import { useReviewSession } from "../session";
import tab from "../tab.module.css";
import classes from "./patterns.module.css";

const MOST = 20_000;

/** Ask for a t-SNE map, and watch it being made. `latest` is the newest there is of this run. */
export function TsneJob({ run, latest, windows }: { run: Uuid; latest: PatternMap | null; windows: number }) {
  const { mayDecide } = useReviewSession();
  const ask = useAskMap(run);
  const cancel = useCancelMap(run);
  const [perplexity, setPerplexity] = useState<number>(latest?.perplexity ?? 30);
  const [most, setMost] = useState<number>(latest?.most ?? 3000);
  const [seed, setSeed] = useState<number>(latest?.seed ?? 0);
  const job = latest?.job;

  if (latest && isActive(job)) {
    return (
      <div className={classes.job}>
        <JobProgress
          progress={latest.job}
          waiting={latest.job.status === "queued"}
          label="t-SNE: arranging the windows"
        />
        {mayDecide && (
          <Button
            size="compact-xs"
            variant="default"
            disabled={latest.job.cancel_requested}
            onClick={() => cancel.mutate(latest.id, { onError: (error) => notifyError(error) })}
          >
            {latest.job.cancel_requested ? "Stopping" : "Cancel"}
          </Button>
        )}
      </div>
    );
  }
  if (!mayDecide) return job ? null : <p className={tab.note}>A reviewer can have a t-SNE map made.</p>;
  return (
    <details className={classes.job} open={job?.status !== "done"}>
      <summary>{job?.status === "done" ? "Another t-SNE map" : "Make a t-SNE map"}</summary>
      {job?.status === "failed" && (
        <p className={tab.note} role="alert">
          {job.error}
        </p>
      )}
      {job?.status === "cancelled" && <p className={tab.note}>The last one was cancelled.</p>}
      <div className={classes.fields}>
        <NumberInput
          size="xs"
          label="Perplexity"
          min={2}
          max={200}
          value={perplexity}
          onChange={(value) => setPerplexity(Number(value) || 30)}
        />
        <NumberInput
          size="xs"
          label="Windows"
          min={100}
          max={MOST}
          step={1000}
          value={most}
          onChange={(value) => setMost(Number(value) || 3000)}
        />
        <NumberInput
          size="xs"
          label="Seed"
          min={0}
          max={2 ** 31 - 1}
          value={seed}
          onChange={(value) => setSeed(Number(value) || 0)}
        />
      </div>
      <p className={tab.note}>
        {windows > most
          ? `${formatCount(most)} of the ${formatCount(Math.min(windows, MOST))} windows on the map are arranged, the rest placed between their nearest. `
          : "All windows are arranged. "}
        About half a minute for 3,000; the work goes on when you leave.
      </p>
      <Button
        size="xs"
        loading={ask.isPending}
        onClick={() => ask.mutate({ perplexity, most, seed }, { onError: (error) => notifyError(error) })}
      >
        Make it
      </Button>
    </details>
  );
}
