import { Button, NumberInput, Stack } from "@mantine/core";
import { useState } from "react";

import { useChangeProject } from "../api/queries/projects";
import type { Project } from "../api/types";
import { fieldError, hasOtherFields } from "../lib/errors";
import { FormError } from "../ui/FormError";
import { notifyDone } from "../ui/notify";

/** How much of the footage is set apart to measure. */
export function AuditForm({ project }: { project: Project }) {
  const change = useChangeProject(project.id);
  const [percent, setPercent] = useState(Math.round(project.audit_share * 100));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate(
          { audit_share: percent / 100 },
          { onSuccess: () => notifyDone("The audit share is saved. Datasets and runs from now on use it.") },
        );
      }}
    >
      <Stack gap="md">
        <NumberInput
          label="Audit share"
          description="0 to 50 %. Verdicts there are left out of teaching, and a few windows that no run proposes are mixed into the queue to find what runs miss."
          suffix=" %"
          min={0}
          max={50}
          allowDecimal={false}
          maw={420}
          value={percent}
          error={fieldError(change.error, "audit_share")}
          onChange={(value) => setPercent(Number(value) || 0)}
        />
        {change.isError && hasOtherFields(change.error, ["audit_share"]) && (
          <FormError error={change.error} />
        )}
        <div>
          <Button type="submit" loading={change.isPending}>
            Save
          </Button>
        </div>
      </Stack>
    </form>
  );
}
