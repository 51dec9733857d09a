import { useEffect, useState } from "react";
import { useLocation } from "react-router";

const SETTLE_MS = 400;

/** Says the title of the page one came to, for those who cannot see that it changed. */
export function RouteAnnouncer() {
  const { pathname } = useLocation();
  const [title, setTitle] = useState("");
  useEffect(() => {
    // the page sets its title when its data is there
    const timer = setTimeout(() => setTitle(document.title), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [pathname]);
  return (
    <div className="visually-hidden" aria-live="polite">
      {title}
    </div>
  );
}
