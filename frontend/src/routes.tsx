import { createBrowserRouter, Navigate, type RouteObject } from "react-router";

import { CrashPage } from "./pages/CrashPage";
import { ProjectLayout } from "./ui/ProjectLayout";
import { SignedInLayout } from "./ui/SignedInLayout";
import { LoadingState } from "./ui/states";

const project: RouteObject[] = [
  { index: true, element: <Navigate to="footage" replace /> },
  {
    path: "footage",
    lazy: async () => ({ Component: (await import("./pages/FootagePage")).FootagePage }),
  },
  { path: "runs", lazy: async () => ({ Component: (await import("./pages/RunsPage")).RunsPage }) },
  { path: "runs/new", lazy: async () => ({ Component: (await import("./pages/NewRunPage")).NewRunPage }) },
  {
    path: "runs/compare",
    lazy: async () => ({ Component: (await import("./pages/ComparePage")).ComparePage }),
  },
  { path: "runs/:runId", lazy: async () => ({ Component: (await import("./pages/RunPage")).RunPage }) },
  // the desk fills the window below the bar; where it is lives in ?run=&segment=&frame=
  {
    path: "review/:videoId?",
    lazy: async () => ({ Component: (await import("./pages/ReviewPage")).ReviewPage }),
  },
  {
    path: "datasets",
    lazy: async () => ({ Component: (await import("./pages/DatasetsPage")).DatasetsPage }),
  },
  { path: "team", lazy: async () => ({ Component: (await import("./pages/TeamPage")).TeamPage }) },
  {
    path: "settings",
    lazy: async () => ({ Component: (await import("./pages/ProjectSettingsPage")).ProjectSettingsPage }),
  },
];

export const routes: RouteObject[] = [
  {
    ErrorBoundary: CrashPage,
    HydrateFallback: LoadingState,
    children: [
      { path: "/signin", lazy: async () => ({ Component: (await import("./pages/SignInPage")).SignInPage }) },
      {
        path: "/signin/:secret",
        lazy: async () => ({ Component: (await import("./pages/SignInLinkPage")).SignInLinkPage }),
      },
      {
        Component: SignedInLayout,
        children: [
          { index: true, element: <Navigate to="/projects" replace /> },
          {
            path: "/projects",
            lazy: async () => ({ Component: (await import("./pages/ProjectsPage")).ProjectsPage }),
          },
          { path: "/projects/:projectId", Component: ProjectLayout, children: project },
          {
            path: "/account",
            lazy: async () => ({ Component: (await import("./pages/AccountPage")).AccountPage }),
          },
          {
            path: "*",
            lazy: async () => ({ Component: (await import("./pages/NotFoundPage")).NotFoundPage }),
          },
        ],
      },
    ],
  },
];

export const router = createBrowserRouter(routes);
