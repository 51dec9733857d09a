import { Outlet, useParams } from "react-router";

import { useProject } from "../api/queries/projects";
import classes from "./layout.module.css";
import type { ProjectContext } from "./projectContext";
import { QueryView } from "./states";
import { usePageTitle } from "./usePageTitle";

export function ProjectLayout() {
  const { projectId = "" } = useParams();
  const query = useProject(projectId);
  usePageTitle(query.isError && !query.data ? "Not found" : null);
  const placeholder = <main className={classes.page} id="content" aria-busy />;
  if (query.isError && !query.data) {
    return (
      <main className={classes.page} id="content">
        <QueryView query={query}>{() => null}</QueryView>
      </main>
    );
  }
  if (!query.data) return placeholder;
  const context: ProjectContext = { project: query.data };
  return <Outlet context={context} key={projectId} />;
}
