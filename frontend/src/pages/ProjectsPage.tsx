import { Button, Skeleton, Text } from "@mantine/core";
import { FolderPlus, Plus } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";

import { useProjects } from "../api/queries/projects";
import { useFirstVideos } from "../api/queries/videos";
import type { Project } from "../api/types";
import { formatBytes, formatCount, plural } from "../lib/format";
import { paths } from "../lib/paths";
import { Page } from "../ui/Page";
import { EmptyState, QueryView } from "../ui/states";
import { StatusBadge } from "../ui/StatusBadge";
import { usePageTitle } from "../ui/usePageTitle";
import { NewProjectModal } from "./NewProjectModal";
import classes from "./projects.module.css";

export function ProjectsPage() {
  usePageTitle("Projects");
  const query = useProjects();
  const [creating, setCreating] = useState(false);
  const create = (
    <Button leftSection={<Plus size={16} aria-hidden />} onClick={() => setCreating(true)}>
      New project
    </Button>
  );
  return (
    <Page
      title="Projects"
      summary="One project for each place or question: its footage, its runs, its people."
      actions={create}
    >
      <QueryView query={query} loading={<ProjectSkeletons />}>
        {(projects) =>
          projects.length === 0 ? (
            <EmptyState icon={<FolderPlus aria-hidden />} title="No projects yet" action={create}>
              Make one, drop footage into it, and start a detector: it learns what is usual in that footage
              and shows you what is not.
            </EmptyState>
          ) : (
            <ul className={classes.grid}>
              {projects.map((project) => (
                <ProjectCard key={project.id} project={project} />
              ))}
            </ul>
          )
        }
      </QueryView>
      <NewProjectModal opened={creating} close={() => setCreating(false)} />
    </Page>
  );
}

function ProjectCard({ project }: { project: Project }) {
  const { counts } = project;
  return (
    <li className={classes.card}>
      <Posters project={project} />
      <div className={classes.body}>
        <h2 className={classes.name}>
          <Link to={paths.project(project.id)} className={classes.link}>
            {project.name}
          </Link>
        </h2>
        <Text size="sm" c="dimmed" lineClamp={2} className={classes.description}>
          {project.description || (project.is_demo ? "Made-up scenes to try everything on." : "")}
        </Text>
        <Text size="sm" c="dimmed">
          {plural(counts.videos, "video")} · {plural(counts.runs, "run")} ·{" "}
          {formatBytes(project.storage_bytes)}
        </Text>
        <div className={classes.states}>
          {counts.to_review > 0 ? (
            <span className={classes.toReview}>{formatCount(counts.to_review)} to review</span>
          ) : (
            <Text size="sm" c="dimmed" component="span">
              {counts.runs > 0 && counts.running === 0 ? "Nothing left to review" : " "}
            </Text>
          )}
          {counts.ingesting > 0 && (
            <StatusBadge tone="active">Reading {plural(counts.ingesting, "video")}</StatusBadge>
          )}
          {counts.running > 0 && (
            <StatusBadge tone="active">{plural(counts.running, "run")} under way</StatusBadge>
          )}
        </div>
      </div>
    </li>
  );
}

/** The first three pictures of its footage. */
function Posters({ project }: { project: Project }) {
  const { data } = useFirstVideos(project.id, 3);
  const posters = (data ?? []).filter((video) => video.sees_footage);
  return (
    <div className={classes.posters} data-count={Math.max(1, posters.length)} aria-hidden>
      {posters.map((video) => (
        <img key={video.id} src={video.urls.poster} alt="" loading="lazy" decoding="async" />
      ))}
      {data && posters.length === 0 && (
        <span className={classes.noPoster}>{data.length > 0 ? "Poses only" : "No footage yet"}</span>
      )}
    </div>
  );
}

function ProjectSkeletons() {
  return (
    <div className={classes.grid} role="status" aria-label="Loading the projects">
      {[0, 1, 2].map((place) => (
        <Skeleton key={place} height={288} radius={6} />
      ))}
    </div>
  );
}
