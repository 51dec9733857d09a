import { notifications } from "@mantine/notifications";
import { Check, CircleAlert, Info } from "lucide-react";

import { errorSentence } from "../lib/errors";

export function notifyDone(message: string): void {
  notifications.show({ message, icon: <Check size={16} aria-hidden />, color: "petrol", autoClose: 4000 });
}

/** Stays until it is closed: an error that goes away by itself is one nobody could read. */
export function notifyError(error: unknown, title = "That did not work"): void {
  const message = errorSentence(error);
  notifications.show({
    id: `${title}:${message}`,
    title,
    message,
    icon: <CircleAlert size={16} aria-hidden />,
    color: "red",
    autoClose: false,
  });
}

/** Something to know that is neither done nor wrong. */
export function notifyAbout(message: string): void {
  notifications.show({ message, icon: <Info size={16} aria-hidden />, color: "gray", autoClose: 10_000 });
}
