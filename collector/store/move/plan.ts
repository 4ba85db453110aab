/** A table of the database that is moved. */
export interface SourceTable {
  name: string;
  columns: readonly string[];
  /** Tables that its rows name. */
  names: readonly string[];
}

/** A table of the database that it is moved to; `type` as PostgreSQL calls it. */
export interface TargetTable {
  name: string;
  columns: readonly { name: string; type: string }[];
}

export interface CarriedColumn {
  name: string;
  type: string;
  /** Of the source; the SHA-256 of its text is kept where `isDigest`. */
  from: string;
  isDigest: boolean;
}

/** How one table is carried over. */
export interface CarriedTable {
  name: string;
  columns: readonly CarriedColumn[];
  /** Rows that stay, as SQL. */
  except: string | undefined;
}

/** Each table behind those that its rows name. `mistakes`: what is in one schema alone, and not told of here; nothing may be carried then. */
export interface MovePlan {
  tables: CarriedTable[];
  mistakes: string[];
}

/** Tables of SQLite that stay where they are: a database server's own tools restore it, and the collector is not told. */
export const staying: ReadonlySet<string> = new Set(['restoration']);

/** Tables of PostgreSQL of which SQLite has none: the schema's steps, what collectors say to one another, and what numbers rows. */
export const serverOwn: ReadonlySet<string> = new Set(['certherd_schema', 'collector', 'message', 'lease', 'counter']);

/** Columns of SQLite that stay. `restored` and `begun` say the same of two ways to put a database back; a subject's digest stands for it. */
const stayingColumns: ReadonlySet<string> = new Set(['epoch.restored', 'latest_event.subject']);

/** Columns that begin as in a new row: a session of each host begins at some collector. */
const newColumns: ReadonlySet<string> = new Set(['host.collector', 'epoch.begun']);

/** That a file was backed up, and when, is said of the file. */
export const exceptions: Readonly<Record<string, string>> = { setting: "name = 'backed-up-at'" };

/** Whatever both schemas have is carried over, so that no table is forgotten; what is in one alone must be named above. */
export function planMove(source: readonly SourceTable[], target: readonly TargetTable[]): MovePlan {
  const mistakes: string[] = [];
  const tables: CarriedTable[] = [];
  const known = new Map(target.map((table) => [table.name, table]));
  for (const table of inOrder(source)) {
    const there = known.get(table.name);
    known.delete(table.name);
    if (staying.has(table.name)) continue;
    if (!there) {
      mistakes.push(`table ${table.name} is only in SQLite`);
      continue;
    }
    const columns = carriedColumns(table, there, mistakes);
    tables.push({ name: table.name, columns, except: exceptions[table.name] });
  }
  for (const name of known.keys()) if (!serverOwn.has(name)) mistakes.push(`table ${name} is only in PostgreSQL`);
  return { tables, mistakes };
}

function carriedColumns(source: SourceTable, target: TargetTable, mistakes: string[]): CarriedColumn[] {
  const left = new Set(source.columns.filter((name) => !stayingColumns.has(`${source.name}.${name}`)));
  const columns = target.columns.flatMap(({ name, type }): CarriedColumn[] => {
    // A text may be longer than an index takes.
    const digested = /^(.+)_digest$/.exec(name)?.[1];
    if (left.delete(name)) return [{ name, type, from: name, isDigest: false }];
    if (digested !== undefined && source.columns.includes(digested))
      return [{ name, type, from: digested, isDigest: true }];
    if (!newColumns.has(`${target.name}.${name}`)) mistakes.push(`column ${target.name}.${name} is only in PostgreSQL`);
    return [];
  });
  for (const name of left) mistakes.push(`column ${source.name}.${name} is only in SQLite`);
  return columns;
}

/** Each behind those that it names. A circle of them, which no schema here has, would end in the order of their names. */
function inOrder(tables: readonly SourceTable[]): SourceTable[] {
  const ordered: SourceTable[] = [];
  let waiting = tables.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  while (waiting.length > 0) {
    const names = new Set(waiting.map(({ name }) => name));
    const free = waiting.filter((one) => one.names.every((name) => name === one.name || !names.has(name)));
    const next = free.length > 0 ? free : waiting;
    ordered.push(...next);
    waiting = waiting.filter((one) => !next.includes(one));
  }
  return ordered;
}
