import { Navigate, Outlet, ScrollRestoration, useLocation, useNavigation } from "react-router";

import { useSession } from "../api/queries/session";
import { paths } from "../lib/paths";
import { AppBar } from "./AppBar";
import classes from "./layout.module.css";
import { UploadProvider } from "../upload/UploadContext";
import { RouteAnnouncer } from "./RouteAnnouncer";
import { ErrorState, LoadingState } from "./states";

/** Everything that needs a person: the bar, then the page. Others are led to the sign-in page and back. */
export function SignedInLayout() {
  const session = useSession();
  const location = useLocation();
  const navigation = useNavigation();

  if (session.isPending) return <LoadingState label="Opening vadreview" />;
  if (session.data === undefined) {
    return (
      <main className={classes.page}>
        <ErrorState error={session.error} retry={() => void session.refetch()} />
      </main>
    );
  }
  if (!session.data.user) {
    return <Navigate to={paths.signIn(location.pathname + location.search)} replace />;
  }
  return (
    <UploadProvider>
      <div className={classes.app}>
        <a className="skip-link" href="#content">
          Skip to the content
        </a>
        <AppBar />
        {navigation.state === "loading" && <div className={classes.loadingLine} aria-hidden />}
        <Outlet />
        <RouteAnnouncer />
        {/* back to where one was on going back, to the top on going on; a change of ?query alone keeps its place */}
        <ScrollRestoration getKey={({ pathname }) => pathname} />
      </div>
    </UploadProvider>
  );
}
