import { Tooltip } from "@mantine/core";
import { useState } from "react";

import { copyText } from "../lib/clipboard";
import classes from "./table.module.css";

/** The beginning of a SHA-256; a click copies the whole. */
export function Hash({ value }: { value: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <Tooltip label={copied ? "Copied" : `SHA-256 ${value}. Click to copy.`} multiline maw={340}>
      <button
        type="button"
        className={classes.hash}
        aria-label={`Copy the SHA-256 ${value}`}
        onClick={() => void copyText(value).then(setCopied)}
        onBlur={() => setCopied(false)}
      >
        {value.slice(0, 12)}…
      </button>
    </Tooltip>
  );
}
