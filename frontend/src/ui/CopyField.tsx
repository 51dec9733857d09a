import { Button, Group, TextInput } from "@mantine/core";
import { Check, Copy } from "lucide-react";
import { useState } from "react";

import { copyText } from "../lib/clipboard";

/** A text to take away: a link or a secret that is shown once. */
export function CopyField({
  label,
  value,
  description,
}: {
  label: string;
  value: string;
  description?: string;
}) {
  const [state, setState] = useState<"idle" | "copied" | "refused">("idle");
  return (
    <Group align="flex-end" gap="xs" wrap="nowrap">
      <TextInput
        label={label}
        description={
          state === "refused"
            ? "Your browser does not let pages copy. Select the text and press Ctrl+C."
            : description
        }
        value={value}
        readOnly
        style={{ flex: 1 }}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        onFocus={(event) => event.currentTarget.select()}
      />
      <Button
        variant="default"
        leftSection={state === "copied" ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
        onClick={() => void copyText(value).then((copied) => setState(copied ? "copied" : "refused"))}
      >
        {state === "copied" ? "Copied" : "Copy"}
      </Button>
    </Group>
  );
}
