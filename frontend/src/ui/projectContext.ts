import { useOutletContext } from "react-router";

import type { Project, Role } from "../api/types";

export type ProjectContext = { project: Project };

/** The project of this page; it is there on every page below /projects/<id>. */
export function useCurrentProject(): Project {
  return useOutletContext<ProjectContext>().project;
}

const RANK: Record<Role, number> = { viewer: 0, reviewer: 1, manager: 2 };

export function may(project: Project, least: Role): boolean {
  return RANK[project.my_role] >= RANK[least];
}
