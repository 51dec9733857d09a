import { ActionIcon, Menu, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { ChevronRight, LogOut, Moon, Settings2, Sun, UserRound } from "lucide-react";
import { useEffect, useRef } from "react";
import { Link, NavLink, useLocation, useMatch, useNavigate } from "react-router";

import { useProject } from "../api/queries/projects";
import { useMe, useSignOut } from "../api/queries/session";
import type { Project } from "../api/types";
import { formatCount } from "../lib/format";
import { paths } from "../lib/paths";
import { UploadPill } from "../upload/UploadPill";
import classes from "./layout.module.css";
import { Mark } from "./Mark";
import { notifyError } from "./notify";

/** One row for the whole app: where you are, the project's pages, you. The desk below needs every pixel of height. */
export function AppBar() {
  const match = useMatch("/projects/:projectId/*");
  const projectId = match?.params.projectId;
  return (
    <header className={classes.bar}>
      <nav className={classes.crumbs} aria-label="Breadcrumb">
        <Link to={paths.projects} className={classes.home} aria-label="vadreview: all projects">
          <Mark />
          <span className={classes.wordmark}>vadreview</span>
        </Link>
        {projectId && <ProjectCrumb id={projectId} />}
      </nav>
      {projectId && <ProjectTabs id={projectId} />}
      <div className={classes.me}>
        <UploadPill />
        <ThemeToggle />
        <AccountMenu />
      </div>
    </header>
  );
}

function ProjectCrumb({ id }: { id: string }) {
  const { data } = useProject(id);
  if (!data) return null;
  return (
    <>
      <ChevronRight size={14} aria-hidden className={classes.chevron} />
      <Link to={paths.project(id)} className={classes.projectName} title={data.name}>
        {data.name}
      </Link>
    </>
  );
}

const TABS: readonly { to: string; label: string; count?: (project: Project) => number }[] = [
  { to: "footage", label: "Footage", count: (project) => project.counts.videos },
  { to: "runs", label: "Runs", count: (project) => project.counts.runs },
  { to: "review", label: "Review", count: (project) => project.counts.to_review },
  { to: "datasets", label: "Datasets" },
  { to: "team", label: "Team" },
  { to: "settings", label: "Settings" },
];

function ProjectTabs({ id }: { id: string }) {
  const { data } = useProject(id);
  const { pathname } = useLocation();
  const nav = useRef<HTMLElement>(null);
  const shown = data !== undefined;
  useEffect(() => {
    // on a phone the row of tabs is wider than the screen
    nav.current
      ?.querySelector("[aria-current=page]")
      ?.scrollIntoView({ inline: "nearest", block: "nearest" });
  }, [pathname, shown]);
  // with its name and counts at once, so that nothing moves under the pointer
  if (!data) return null;
  return (
    <nav ref={nav} className={classes.tabs} aria-label="Project">
      {TABS.map(({ to, label, count }) => (
        <NavLink key={to} to={`${paths.project(id)}/${to}`} className={classes.tab ?? ""}>
          {label}
          {count && count(data) > 0 && <span className={classes.count}>{formatCount(count(data))}</span>}
        </NavLink>
      ))}
    </nav>
  );
}

export function ThemeToggle() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("dark", { getInitialValueInEffect: false });
  const label = scheme === "dark" ? "Switch to the light theme" : "Switch to the dark theme";
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={label}
        onClick={() => setColorScheme(scheme === "dark" ? "light" : "dark")}
      >
        {scheme === "dark" ? <Sun size={17} aria-hidden /> : <Moon size={17} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
}

function AccountMenu() {
  const me = useMe();
  const signOut = useSignOut();
  const navigate = useNavigate();
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={`Account of ${me.display_name || me.username}`}
        >
          <UserRound size={17} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.display_name || me.username}</Menu.Label>
        <Menu.Item leftSection={<Settings2 size={15} />} component={Link} to={paths.account}>
          Account settings
        </Menu.Item>
        <Menu.Item
          leftSection={<LogOut size={15} />}
          onClick={() =>
            signOut.mutate(undefined, {
              onSuccess: () => void navigate(paths.signIn()),
              onError: (error) => notifyError(error),
            })
          }
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
