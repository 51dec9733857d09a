import { Button, Checkbox, Group, Modal, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";

import { useAddMember } from "../api/queries/members";
import type { NewMember, Role, Uuid } from "../api/types";
import { fieldError, hasOtherFields } from "../lib/errors";
import { CopyField } from "../ui/CopyField";
import { FormError } from "../ui/FormError";
import { notifyDone } from "../ui/notify";
import { POSES_ONLY, POSES_ONLY_ABOUT, ROLES, toRole } from "./roles";
import classes from "./settings.module.css";

const FIELDS = ["username", "role"] as const;

export function AddMember({ project }: { project: Uuid }) {
  const add = useAddMember(project);
  const [username, setUsername] = useState("");
  const [role, setRole] = useState<Role>("reviewer");
  const [poseOnly, setPoseOnly] = useState(false);
  const [invited, setInvited] = useState<NewMember | null>(null);
  return (
    <>
      <form
        className={classes.addMember}
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate(
            { username: username.trim(), role, pose_only: poseOnly && role !== "manager" },
            {
              onSuccess: (member) => {
                setUsername("");
                if (member.sign_in_link) setInvited(member);
                else notifyDone(`${member.display_name || member.username} is now in this project.`);
              },
            },
          );
        }}
      >
        <TextInput
          label="Username"
          inputWrapperOrder={["label", "input", "description", "error"]}
          description="Of somebody who is here already, or a new one for somebody who is not"
          autoComplete="off"
          autoCapitalize="none"
          maxLength={150}
          value={username}
          error={fieldError(add.error, "username")}
          onChange={(event) => setUsername(event.currentTarget.value)}
        />
        <NativeSelect
          label="Role"
          inputWrapperOrder={["label", "input", "description", "error"]}
          description="It can be changed later"
          value={role}
          error={fieldError(add.error, "role")}
          data={ROLES.map(({ value, label }) => ({ value, label }))}
          onChange={(event) => setRole(toRole(event.currentTarget.value) ?? "reviewer")}
        />
        <Button type="submit" loading={add.isPending} disabled={!username.trim()} mt={22}>
          Add
        </Button>
      </form>
      {role !== "manager" && (
        <Checkbox
          mt="sm"
          label={POSES_ONLY}
          description={POSES_ONLY_ABOUT}
          checked={poseOnly}
          onChange={(event) => setPoseOnly(event.currentTarget.checked)}
        />
      )}
      {add.isError && hasOtherFields(add.error, FIELDS) && <FormError error={add.error} />}
      <Modal
        opened={invited !== null}
        onClose={() => setInvited(null)}
        title="A new account was made"
        size="lg"
        closeOnClickOutside={false}
      >
        {invited && <Invitation member={invited} close={() => setInvited(null)} />}
      </Modal>
    </>
  );
}

function Invitation({ member, close }: { member: NewMember; close: () => void }) {
  return (
    <Stack gap="md">
      <Text>
        Nobody was called <b>{member.username}</b> yet, so an account without a password was made. Give this
        link to that person: it signs them in once, within a day; they can then set a password under their
        account settings.
      </Text>
      <CopyField
        label="Sign-in link"
        description="It is shown only now. Whoever has it can sign in as this person."
        value={new URL(member.sign_in_link ?? "", window.location.origin).href}
      />
      <Group justify="flex-end">
        <Button onClick={close}>Done</Button>
      </Group>
    </Stack>
  );
}
