import { Alert, Button, Kbd, Modal, Text } from "@mantine/core";
import { useEffect, useEffectEvent, useState } from "react";

import { useChangeMe, useMe } from "../api/queries/session";
import { useStore } from "../lib/store";
import { notifyError } from "../ui/notify";
import classes from "./help.module.css";
import {
  type ActionId,
  ACTIONS,
  assignKey,
  buildKeyMap,
  chordOf,
  GROUPS,
  parseKeyChanges,
  showChord,
} from "./keymap";
import { useReviewSession } from "./session";

/** Where a person's own keys are kept, among the preferences of the account. */
export const KEYS_PREFERENCE = "review_keys";

/** All keys; a click on one and another press changes it. */
export function HelpModal() {
  const { tools } = useReviewSession();
  const opened = useStore(tools.help, (value) => value);
  return (
    <Modal opened={opened} onClose={() => tools.help.set(false)} title="Keys of the review desk" size={920}>
      <Keys />
    </Modal>
  );
}

function Keys() {
  const me = useMe();
  const save = useChangeMe();
  const changes = parseKeyChanges(me.preferences[KEYS_PREFERENCE]);
  const { keysOf } = buildKeyMap(changes);
  const [asking, setAsking] = useState<ActionId | null>(null);
  const [refused, setRefused] = useState("");

  const store = (changed: object): void =>
    save.mutate(
      { preferences: { ...me.preferences, [KEYS_PREFERENCE]: changed } },
      { onError: (error) => notifyError(error, "The keys were not saved") },
    );
  const give = useEffectEvent((id: ActionId, event: KeyboardEvent) => {
    setAsking(null);
    if (event.key === "Escape") return;
    const chord = chordOf(event);
    const changed = assignKey(changes, id, chord);
    setRefused(
      changed
        ? ""
        : `${showChord(chord)} cannot be given away: digits, Space, Enter and Tab have a fixed meaning.`,
    );
    if (changed) store(changed);
  });
  useEffect(() => {
    if (!asking) return;
    const press = (event: KeyboardEvent): void => {
      if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      give(asking, event);
    };
    window.addEventListener("keydown", press, { capture: true });
    return () => window.removeEventListener("keydown", press, { capture: true });
  }, [asking]);

  return (
    <div>
      {refused && (
        <Alert color="yellow" mb="sm" withCloseButton onClose={() => setRefused("")}>
          {refused}
        </Alert>
      )}
      <div className={classes.groups}>
        {GROUPS.map((group) => (
          <section key={group} className={classes.group}>
            <h3>{group}</h3>
            {ACTIONS.filter((action) => action.group === group).map(({ id, label }) => (
              <div key={id} className={classes.row}>
                <span>{label}</span>
                <button
                  type="button"
                  className={classes.keys}
                  aria-label={`Keys of ${label}: ${(keysOf.get(id) ?? []).map(showChord).join(" or ") || "none"}. Change`}
                  onClick={() => setAsking(id)}
                >
                  {asking === id ? (
                    <em>press a key</em>
                  ) : (
                    (keysOf.get(id) ?? []).map((key) => (
                      <Kbd key={key} size="xs">
                        {showChord(key)}
                      </Kbd>
                    ))
                  )}
                </button>
              </div>
            ))}
            {group === "Decide" && (
              <div className={classes.row}>
                <span>Label; after R the reason</span>
                <span className={classes.keys}>
                  <Kbd size="xs">1</Kbd>–<Kbd size="xs">9</Kbd>
                </span>
              </div>
            )}
          </section>
        ))}
      </div>
      <div className={classes.foot}>
        <Text size="xs" c="dimmed">
          Click a key to change it. Letters do nothing while you type in a field. On the timeline the wheel
          zooms, a drag pans, a double click shows everything, and a drag on the empty verdict lane draws what
          the run missed.
        </Text>
        {Object.keys(changes).length > 0 && (
          <Button size="xs" variant="default" onClick={() => store({})}>
            Back to the usual keys
          </Button>
        )}
      </div>
    </div>
  );
}
