import { useQuery } from "@tanstack/react-query";

import { api } from "../client";
import type { Detector } from "../types";

export const detectorsKey = ["detectors"] as const;

export function useDetectors() {
  return useQuery({
    queryKey: detectorsKey,
    queryFn: ({ signal }) => api.get<Detector[]>("/api/detectors/", { signal }),
    staleTime: 5 * 60_000,
  });
}
