import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { GraduationCap } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import type { Project } from "../api/types";
import { may } from "../ui/projectContext";

const TeachModal = lazy(async () => ({ default: (await import("./TeachModal")).TeachModal }));

/** The way from the desk to the next run, for those who may start one: a small icon, or a button with words. */
export function TeachHere({ project, icon = false }: { project: Project; icon?: boolean }) {
  const [opened, setOpened] = useState(false);
  if (!may(project, "manager")) return null;
  return (
    <>
      {icon ? (
        <Tooltip label="Teach the detectors">
          <ActionIcon
            variant="subtle"
            color="gray"
            size={28}
            aria-label="Teach the detectors"
            onClick={() => setOpened(true)}
          >
            <GraduationCap size={17} aria-hidden />
          </ActionIcon>
        </Tooltip>
      ) : (
        <Button
          size="xs"
          leftSection={<GraduationCap size={15} aria-hidden />}
          onClick={() => setOpened(true)}
        >
          Teach the detectors
        </Button>
      )}
      {opened && (
        <Suspense fallback={null}>
          <TeachModal opened close={() => setOpened(false)} project={project} />
        </Suspense>
      )}
    </>
  );
}
