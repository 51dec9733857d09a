import { Button, Checkbox, NativeSelect, Skeleton, Table } from "@mantine/core";

import { useChangeMember, useMembers, useRemoveMember } from "../api/queries/members";
import { useMe } from "../api/queries/session";
import type { Member, Project } from "../api/types";
import { AddMember } from "../settings/AddMember";
import { POSES_ONLY, POSES_ONLY_ABOUT, ROLES, toRole } from "../settings/roles";
import settings from "../settings/settings.module.css";
import { confirm } from "../ui/confirm";
import { notifyError } from "../ui/notify";
import { Page } from "../ui/Page";
import { Panel } from "../ui/Panel";
import { may, useCurrentProject } from "../ui/projectContext";
import { QueryView } from "../ui/states";
import classes from "../ui/table.module.css";
import { usePageTitle } from "../ui/usePageTitle";

export function TeamPage() {
  const project = useCurrentProject();
  usePageTitle("Team", project.name);
  const query = useMembers(project.id);
  const manages = may(project, "manager");
  return (
    <Page title="Team" summary="Who sees this project, and what they may do in it." narrow>
      {manages && (
        <Panel title="Add somebody">
          <AddMember project={project.id} />
        </Panel>
      )}
      <Panel title="Members" flush>
        <QueryView query={query} loading={<Skeleton height={160} m="md" />}>
          {(members) => (
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Person</Table.Th>
                  <Table.Th style={{ width: 170 }}>Role</Table.Th>
                  <Table.Th style={{ width: 110 }}>{POSES_ONLY}</Table.Th>
                  <Table.Th style={{ width: 110 }}>
                    <span className="visually-hidden">Actions</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {members.map((member) => (
                  <MemberRow key={member.user} member={member} project={project} manages={manages} />
                ))}
              </Table.Tbody>
            </Table>
          )}
        </QueryView>
      </Panel>
      <Panel title="What the roles mean">
        <dl className={settings.roles}>
          {ROLES.map(({ value, label, about }) => (
            <div key={value}>
              <dt>{label}</dt>
              <dd>{about}</dd>
            </div>
          ))}
          <div>
            <dt>{POSES_ONLY}</dt>
            <dd>{POSES_ONLY_ABOUT} For viewers and reviewers, where a run knows people.</dd>
          </div>
        </dl>
      </Panel>
    </Page>
  );
}

function MemberRow({ member, project, manages }: { member: Member; project: Project; manages: boolean }) {
  const me = useMe();
  const change = useChangeMember(project.id);
  const remove = useRemoveMember(project.id);
  const mine = member.user === me.id;
  const name = member.display_name || member.username;
  return (
    <Table.Tr>
      <Table.Td>
        <span className={classes.strong}>{name}</span>
        {mine && <span className={classes.dim}> (you)</span>}
        {member.display_name && <div className={classes.dim}>{member.username}</div>}
      </Table.Td>
      <Table.Td>
        {manages ? (
          <NativeSelect
            aria-label={`Role of ${name}`}
            size="xs"
            value={(change.isPending ? change.variables.role : undefined) ?? member.role}
            data={ROLES.map(({ value, label }) => ({ value, label }))}
            onChange={(event) => {
              const role = toRole(event.currentTarget.value);
              if (role)
                change.mutate({ user: member.user, role }, { onError: (error) => notifyError(error) });
            }}
          />
        ) : (
          ROLES.find(({ value }) => value === member.role)?.label
        )}
      </Table.Td>
      <Table.Td>
        {manages ? (
          <Checkbox
            size="xs"
            aria-label={`${name} sees poses only`}
            title={POSES_ONLY_ABOUT}
            disabled={member.role === "manager" || change.isPending}
            checked={(change.isPending ? change.variables.pose_only : undefined) ?? member.pose_only}
            onChange={(event) =>
              change.mutate(
                { user: member.user, pose_only: event.currentTarget.checked },
                { onError: (error) => notifyError(error) },
              )
            }
          />
        ) : (
          member.pose_only && "yes"
        )}
      </Table.Td>
      <Table.Td ta="right">
        {(manages || mine) && (
          <Button
            variant="subtle"
            color="gray"
            size="xs"
            aria-label={mine ? "Leave this project" : `Remove ${name}`}
            onClick={() =>
              confirm({
                title: mine ? "Leave this project?" : `Remove ${name}?`,
                body: mine
                  ? "You will no longer see it, until a manager adds you again. Your verdicts are kept."
                  : `${name} will no longer see this project. Their verdicts are kept.`,
                action: mine ? "Leave" : "Remove",
                run: () => remove.mutateAsync(member.user),
              })
            }
          >
            {mine ? "Leave" : "Remove"}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
