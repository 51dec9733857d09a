import { useEffect, useState } from "react";

import { useReviewSession } from "./session";

const REST_MS = 250;

/** The frame at the playhead, once it has rested there a moment: for what costs a request. */
export function useRestingFrame(): number {
  const { tools } = useReviewSession();
  const [frame, setFrame] = useState(() => tools.clock.get().target);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const settle = (): void => {
      timer = undefined;
      setFrame(tools.clock.get().target);
    };
    const stop = tools.clock.subscribe(() => {
      // while it plays, every now and then; when it is moved, once it has arrived
      if (tools.clock.get().playing) timer ??= setTimeout(settle, 4 * REST_MS);
      else {
        clearTimeout(timer);
        timer = setTimeout(settle, REST_MS);
      }
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [tools]);
  return frame;
}
