import { Button, Group, Skeleton } from "@mantine/core";
import { GraduationCap, PackageOpen, PackagePlus } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";

import { useDatasets } from "../api/queries/datasets";
import { useVerdictSummary } from "../api/queries/verdicts";
import { useVideos } from "../api/queries/videos";
import { DatasetTable } from "../datasets/DatasetTable";
import { NewDatasetModal } from "../datasets/NewDatasetModal";
import { paths } from "../lib/paths";
import { TeachModal } from "../teaching/TeachModal";
import { Page } from "../ui/Page";
import { may, useCurrentProject } from "../ui/projectContext";
import { EmptyState, QueryView } from "../ui/states";
import { usePageTitle } from "../ui/usePageTitle";

export function DatasetsPage() {
  const project = useCurrentProject();
  usePageTitle("Datasets", project.name);
  const query = useDatasets(project.id);
  const videos = useVideos(project.id);
  const summary = useVerdictSummary(project.id);
  const [exporting, setExporting] = useState(false);
  const [teaching, setTeaching] = useState(false);
  const manages = may(project, "manager");
  const ready = videos.data?.filter(({ state }) => state === "ready") ?? [];
  const button =
    manages && ready.length > 0 ? (
      <Button
        variant="default"
        leftSection={<PackagePlus size={16} aria-hidden />}
        onClick={() => setExporting(true)}
      >
        Export a dataset
      </Button>
    ) : null;
  return (
    <Page
      title="Datasets"
      summary="What people decided, frozen at one moment, as files that other tools read."
      actions={
        button && (
          <Group gap="xs">
            {button}
            <Button leftSection={<GraduationCap size={16} aria-hidden />} onClick={() => setTeaching(true)}>
              Teach the detectors
            </Button>
          </Group>
        )
      }
    >
      <QueryView query={query} loading={<Skeleton height={180} radius={6} />}>
        {(datasets) =>
          datasets.length > 0 ? (
            <DatasetTable datasets={datasets} manages={manages} project={project} />
          ) : (
            <EmptyState
              icon={<PackageOpen aria-hidden />}
              title="No datasets yet"
              action={
                button ??
                (manages ? (
                  <Button component={Link} to={paths.footage(project.id)}>
                    Go to the footage
                  </Button>
                ) : null)
              }
            >
              {manages
                ? "A dataset says, for each frame of each video, whether people found it abnormal, and where that comes from. Review first, then export."
                : "A manager of this project exports them. They can then be downloaded here."}
            </EmptyState>
          )
        }
      </QueryView>
      <NewDatasetModal
        opened={exporting}
        close={() => setExporting(false)}
        project={project}
        ready={ready}
        summary={summary.data}
      />
      <TeachModal opened={teaching} close={() => setTeaching(false)} project={project} />
    </Page>
  );
}
