import { PeopleLanes } from "../people/PeopleLanes";
import { RefinementBands } from "../labels/RefinementBands";
import { useTrial } from "../useTrial";
import { Timeline } from "./Timeline";
import { TimelineBar } from "./TimelineBar";
import classes from "./timeline.module.css";

export function TimelinePanel() {
  const tuner = useTrial();
  return (
    <section className={classes.panel} aria-label="Timeline">
      <TimelineBar tuner={tuner} />
      <Timeline onThreshold={tuner.tryThreshold} />
      <PeopleLanes />
      <RefinementBands />
    </section>
  );
}
