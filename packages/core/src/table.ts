/** The schemas of a table's entries, in its order and with their types: what a discriminated union is made of. */
export function schemasOf<const Table extends readonly { schema: unknown }[]>(
  table: Table,
): SchemasOf<Table> {
  return table.map(({ schema }) => schema) as unknown as SchemasOf<Table>;
}

type SchemasOf<Table extends readonly { schema: unknown }[]> = { [I in keyof Table]: Table[I]['schema'] };
