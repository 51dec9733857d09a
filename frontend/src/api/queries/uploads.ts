import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../client";
import type { OpenUpload, Uuid } from "../types";

export const uploadKeys = { list: (project: Uuid) => ["uploads", project] as const };

/** My uploads into this project that have not arrived whole. */
export function useOpenUploads(project: Uuid) {
  return useQuery({
    queryKey: uploadKeys.list(project),
    queryFn: ({ signal }) => api.all<OpenUpload>("/api/uploads/", { params: { project }, signal }),
  });
}

export function useDiscardUpload(project: Uuid) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: Uuid) => api.delete(`/api/uploads/${id}/`),
    onSettled: () => client.invalidateQueries({ queryKey: uploadKeys.list(project) }),
  });
}
