import { Skeleton, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";

import { useEstimate } from "../api/queries/runs";
import type { EstimateRequest } from "../api/types";
import { errorSentence } from "../lib/errors";
import { formatCount, formatEstimate } from "../lib/format";
import classes from "./runs.module.css";

/** What one run will take; null while something in the form is not right yet. */
export function RunCost({ title, request }: { title: string; request: EstimateRequest | null }) {
  const [settled] = useDebouncedValue(request, 300);
  const estimate = useEstimate(settled);
  return (
    <div className={classes.cost}>
      <div className={classes.costTitle}>{title}</div>
      {request === null ? (
        <Text size="sm" c="dimmed">
          Waits for what is still to mend.
        </Text>
      ) : estimate.isError ? (
        <Text size="sm" c="var(--mantine-color-error)">
          {errorSentence(estimate.error)}
        </Text>
      ) : !estimate.data ? (
        <Skeleton height={86} />
      ) : (
        <>
          <dl className={classes.costRows}>
            <dt>Learning</dt>
            <dd>{seconds(estimate.data.train_s)}</dd>
            <dt>Scoring</dt>
            <dd>{seconds(estimate.data.score_s)}</dd>
            <dt>Frames</dt>
            <dd>{formatCount(estimate.data.frames)}</dd>
          </dl>
          {estimate.data.note && (
            <Text size="xs" c="dimmed">
              {estimate.data.note}
            </Text>
          )}
        </>
      )}
    </div>
  );
}

function seconds(value: number | null): string {
  return value === null ? "not known" : formatEstimate(value);
}
