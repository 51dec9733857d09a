import { GripHorizontal } from "lucide-react";
import type { KeyboardEvent, PointerEvent } from "react";

import { formatScore } from "../../lib/format";
import { useStore } from "../../lib/store";
import { useReviewSession } from "../session";
import type { Curve } from "../useRuns";
import { type Layout, valueAtY, yOf } from "./geometry";
import { scaleOf, thresholdOf } from "./scene";
import classes from "./timeline.module.css";

const STEPS = 60; // from the bottom of the curve to its top, with the arrow keys

/** The threshold's handle, beside the curve so that it hides nothing of it. Also for the keyboard. */
export function ThresholdTag(props: {
  layout: Layout;
  curves: readonly Curve[];
  onThreshold: (value: number) => void;
}) {
  const session = useReviewSession();
  useStore(session.tools.trial, (trial) => trial);
  const { layout, onThreshold } = props;
  const range = scaleOf(session, props.curves);
  const value = thresholdOf(session);
  if (!range || value === null) return null;
  const movable = session.run?.stage === "done";
  const { curve } = layout;
  const y = Math.min(Math.max(yOf(value, range, curve), curve.top + 8), curve.top + curve.height - 8);

  const drag = (event: PointerEvent<HTMLDivElement>): void => {
    const top = event.currentTarget.parentElement?.getBoundingClientRect().top ?? 0;
    onThreshold(valueAtY(event.clientY - top, range, curve));
  };
  const step = (event: KeyboardEvent): void => {
    const by = { ArrowUp: 1, ArrowDown: -1, PageUp: 5, PageDown: -5 }[event.key];
    if (!by || event.altKey) return;
    event.preventDefault();
    onThreshold(value + ((range.high - range.low) * by) / STEPS);
  };

  return (
    <div
      className={classes.threshold}
      style={{ top: y }}
      role="slider"
      tabIndex={movable ? 0 : -1}
      aria-label="Threshold"
      aria-orientation="vertical"
      aria-valuemin={range.low}
      aria-valuemax={range.high}
      aria-valuenow={value}
      aria-valuetext={`score ${formatScore(value)}`}
      aria-disabled={!movable}
      title="The threshold. Drag it up for fewer items, down for more; nothing changes before Apply."
      onPointerDown={(event) => {
        if (movable) event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (movable && event.buttons & 1 && event.currentTarget.hasPointerCapture(event.pointerId))
          drag(event);
      }}
      onKeyDown={step}
    >
      <GripHorizontal size={12} aria-hidden />
      {formatScore(value)}
    </div>
  );
}
