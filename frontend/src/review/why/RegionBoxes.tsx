import { useStore } from "../../lib/store";
import { useReviewSession } from "../session";
import classes from "./why.module.css";

/** Boxes over the picture: the regions that somebody asked to see. */
export function RegionBoxes() {
  const { tools } = useReviewSession();
  const boxes = useStore(tools.boxes, (value) => value);
  const percent = (part: number): string => `${part * 100}%`;
  return boxes.map(({ box: [left, top, right, bottom], name }) => (
    <div
      key={name}
      className={classes.box}
      data-testid="region-box"
      style={{
        left: percent(left),
        top: percent(top),
        width: percent(right - left),
        height: percent(bottom - top),
      }}
    >
      <span>{name}</span>
    </div>
  ));
}
