import { Button, Skeleton } from "@mantine/core";
import { Film } from "lucide-react";
import { Link, useSearchParams } from "react-router";

import { useDetectors } from "../api/queries/detectors";
import { useRun } from "../api/queries/runs";
import { useVideos } from "../api/queries/videos";
import { paths } from "../lib/paths";
import { NewRunForm } from "../runs/NewRunForm";
import { Page } from "../ui/Page";
import { may, useCurrentProject } from "../ui/projectContext";
import { EmptyState, QueryView } from "../ui/states";
import { usePageTitle } from "../ui/usePageTitle";

export function NewRunPage() {
  const project = useCurrentProject();
  usePageTitle("New run", project.name);
  const detectors = useDetectors();
  const videos = useVideos(project.id);
  const [search] = useSearchParams();
  const likeId = search.get("like");
  const like = useRun(likeId);
  const skeleton = <Skeleton height={520} radius={6} />;
  return (
    <Page
      title="New run"
      summary="A detector learns what is usual in the footage, then scores every frame by how unusual it is."
      up={{ to: paths.runs(project.id), label: "Runs" }}
    >
      {!may(project, "manager") ? (
        <EmptyState title="Runs are started by managers">
          Your role here is {project.my_role}. Ask a manager of this project to start one, or to change your
          role.
        </EmptyState>
      ) : (
        <QueryView query={videos} loading={skeleton}>
          {(all) => {
            const ready = all.filter(({ state }) => state === "ready");
            if (ready.length === 0) return <NoFootage project={project.id} coming={all.length > 0} />;
            // a run to begin from that is gone is no reason not to begin
            if (likeId && like.isPending) return skeleton;
            return (
              <QueryView query={detectors} loading={skeleton}>
                {(found) => (
                  <NewRunForm project={project.id} detectors={found} ready={ready} like={like.data ?? null} />
                )}
              </QueryView>
            );
          }}
        </QueryView>
      )}
    </Page>
  );
}

function NoFootage({ project, coming }: { project: string; coming: boolean }) {
  return (
    <EmptyState
      icon={<Film aria-hidden />}
      title="There is no footage to learn from yet"
      action={
        <Button component={Link} to={paths.footage(project)}>
          Go to the footage
        </Button>
      }
    >
      {coming
        ? "It is still being read. This page is ready as soon as the first video is."
        : "Upload some videos first."}
    </EmptyState>
  );
}
