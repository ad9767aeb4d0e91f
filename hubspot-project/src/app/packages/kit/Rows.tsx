/** A table of texts and small parts. */
import {
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableHeader,
  TableRow,
  type TableProps,
} from '@hubspot/ui-extensions';
import type { ReactNode } from 'react';

export interface Row {
  key: string | number;
  cells: readonly ReactNode[];
}

export function Rows({
  heads,
  rows,
  density = 'compact',
}: {
  heads: readonly string[];
  rows: readonly Row[];
  density?: NonNullable<TableProps['density']>;
}): ReactNode {
  return (
    <Table bordered density={density}>
      <TableHead>
        <TableRow>
          {heads.map((head) => (
            <TableHeader key={head}>{head}</TableHeader>
          ))}
        </TableRow>
      </TableHead>
      <TableBody>
        {rows.map(({ key, cells }) => (
          <TableRow key={key}>
            {heads.map((head, index) => (
              <TableCell key={head}>{cells[index]}</TableCell>
            ))}
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
