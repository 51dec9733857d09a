import { Button, Table } from "@mantine/core";
import { Undo2 } from "lucide-react";

import { useUndoGroundTruth } from "../api/queries/groundTruth";
import type { GroundTruthImport, Project } from "../api/types";
import { plural } from "../lib/format";
import { Ago } from "../ui/Ago";
import { notifyDone, notifyError } from "../ui/notify";

/** Imports that were made, newest first, each with its way back. */
export function GroundTruthImports(props: { project: Project; imports: readonly GroundTruthImport[] }) {
  const undo = useUndoGroundTruth(props.project.id);
  if (props.imports.length === 0) return null;
  const takeBack = (id: string) =>
    undo.mutate(id, {
      onSuccess: () => notifyDone("Taken back; what was known before is known again"),
      onError: (error) => notifyError(error, "The import could not be taken back"),
    });
  return (
    <Table aria-label="Imports made">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Imported</Table.Th>
          <Table.Th>Videos</Table.Th>
          <Table.Th>When</Table.Th>
          <Table.Th>
            <span className="visually-hidden">Undo</span>
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {props.imports.map((made) => (
          <Table.Tr key={made.id}>
            <Table.Td>{named(made.files)}</Table.Td>
            <Table.Td>
              {plural(made.videos, "video")}
              {made.masks > 0 && `, ${made.masks} with masks`}
            </Table.Td>
            <Table.Td>
              {made.imported_by || "a former member"}, <Ago time={made.created_at} />
            </Table.Td>
            <Table.Td ta="right">
              <Button
                variant="default"
                size="xs"
                leftSection={<Undo2 size={14} aria-hidden />}
                aria-label={`Undo the import of ${named(made.files)}`}
                loading={undo.isPending && undo.variables === made.id}
                onClick={() => takeBack(made.id)}
              >
                Undo
              </Button>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function named(files: readonly string[]): string {
  const more = files.length > 2 ? ` and ${files.length - 2} more` : "";
  return files.slice(0, 2).join(", ") + more;
}
