import { useQuery } from "@tanstack/react-query";

import type { Plot } from "../../plots/figure";
import { api } from "../client";
import type { Comparison, Uuid } from "../types";

export function useComparison(first: Uuid | null, second: Uuid | null) {
  return useQuery({
    queryKey: ["runs", "compare", first, second] as const,
    queryFn: ({ signal }) =>
      api.get<Comparison>("/api/runs/compare/", { params: { a: first, b: second }, signal }),
    enabled: Boolean(first && second),
  });
}

export function useComparedCurves(first: Uuid, second: Uuid, video: Uuid | null) {
  return useQuery({
    queryKey: ["runs", "compare", "curves", first, second, video] as const,
    queryFn: ({ signal }) =>
      api.get<Plot>("/api/runs/compare/curves/", { params: { a: first, b: second, video }, signal }),
    enabled: video !== null,
  });
}
