import type { Role } from "../api/types";

/** Each role includes the ones before it. */
export const ROLES: readonly { value: Role; label: string; about: string }[] = [
  { value: "viewer", label: "Viewer", about: "Sees the footage, the runs, the verdicts. Changes nothing." },
  { value: "reviewer", label: "Reviewer", about: "Also reviews: accepts, rejects and corrects segments." },
  {
    value: "manager",
    label: "Manager",
    about:
      "Also uploads and deletes footage, starts runs, exports datasets, and decides who is in the project.",
  },
];

export const POSES_ONLY = "Poses only";
export const POSES_ONLY_ABOUT =
  "Sees people as skeletons on grey. The server sends no picture of the footage to this person.";

export function toRole(value: string): Role | undefined {
  return ROLES.find((role) => role.value === value)?.value;
}
