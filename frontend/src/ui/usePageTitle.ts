import { useEffect } from "react";

/** `usePageTitle("Runs", project.name)` -> "Runs · Station north · vadreview". Parts not known yet are left out. */
export function usePageTitle(...parts: (string | null | undefined)[]): void {
  const title = [...parts.filter(Boolean), "vadreview"].join(" · ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}
