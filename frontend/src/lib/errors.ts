import { ApiError } from "../api/client";

/** The sentence to show a person. */
export function errorSentence(error: unknown): string {
  if (error instanceof Error && error.message) return error.message;
  return "Something unexpected happened. Reload the page and try again.";
}

/** The sentence for one field of a form; nested names ("overrides.epochs") match their last part too. */
export function fieldError(error: unknown, name: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const exact = error.fields[name];
  if (exact) return exact;
  return Object.entries(error.fields).find(([field]) => field.endsWith(`.${name}`))?.[1];
}

/** Is there a field of `error` that none of the form's own fields will show? */
export function hasOtherFields(error: unknown, names: readonly string[]): boolean {
  if (!(error instanceof ApiError)) return true;
  const fields = Object.keys(error.fields);
  if (fields.length === 0) return true;
  return fields.some((field) => !names.some((name) => field === name || field.endsWith(`.${name}`)));
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}
