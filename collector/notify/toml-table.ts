import { nearestName, shortened, shown } from '../config-text.ts';

export type Table = Readonly<Record<string, unknown>>;

/** Where in the file: names of tables and fields, and the place in a list of tables. */
export type Place = readonly (string | number)[];

export type Mistaken = (place: Place, what: string) => void;

/** What a field may be, in words, and how it is read; undefined is a mistake. */
export interface Kind<T> {
  expected: string;
  read: (value: unknown) => T | undefined;
  /** What was found may hold a secret: it is not repeated. */
  isSecret?: true;
}

export interface TableReader<F extends string> {
  take: <T, D>(field: F, kind: Kind<T>, fallback: D) => T | D;
  /** A mistake where it is not there. */
  need: <T>(field: F, kind: Kind<T>) => T | undefined;
}

/** Reads the fields of one table; fields that are none of these are mistakes. */
export function readTable<F extends string>(
  table: Table,
  place: Place,
  fields: readonly F[],
  mistaken: Mistaken,
): TableReader<F> {
  for (const key of Object.keys(table)) {
    if (fields.some((field) => field === key)) continue;
    const near = nearestName(key, fields);
    mistaken([...place, key], `unknown field; ${near ? `did you mean ${near}?` : `known are ${fields.join(', ')}`}`);
  }
  const take = <T, D>(field: F, { expected, read, isSecret }: Kind<T>, fallback: D): T | D => {
    if (!Object.hasOwn(table, field)) return fallback;
    const value = read(table[field]);
    if (value !== undefined) return value;
    mistaken([...place, field], `expected ${expected}${isSecret ? '' : `, found ${shown(table[field])}`}`);
    return fallback;
  };
  return {
    take,
    need(field, kind) {
      if (!Object.hasOwn(table, field)) mistaken(place, `${field} is needed: ${kind.expected}`);
      return take(field, kind, undefined);
    },
  };
}

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** The line (from 1) of a place in the text, or of the nearest thing around it that can be found. */
function lineOfPlace(text: string, place: Place): number {
  const lines = text.split('\n');
  const [top = '', list, index, field] = place;
  const heads = (pattern: RegExp) => lines.flatMap((line, at) => (pattern.test(line) ? [at] : []));
  const escaped = (name: string | number) => String(name).replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const inTable = (head: number, name: string | number) => {
    const next = lines.findIndex((line, at) => at > head && /^\s*\[/.test(line));
    const found = lines.findIndex(
      (line, at) =>
        at > head && (next < 0 || at < next) && new RegExp(`^\\s*["']?${escaped(name)}["']?\\s*[.=]`).test(line),
    );
    return found < 0 ? head : found;
  };
  const [table] = heads(new RegExp(`^\\s*\\[{1,2}\\s*${escaped(top)}\\s*[.\\]]`));
  if (typeof index === 'number') {
    const head = heads(new RegExp(`^\\s*\\[\\[\\s*${escaped(top)}\\s*\\.\\s*${escaped(list ?? '')}\\s*\\]\\]`))[index];
    if (head !== undefined) return 1 + (field === undefined ? head : inTable(head, field));
  }
  const [own] = heads(new RegExp(`^\\s*\\[\\s*${escaped(top)}\\s*\\]`));
  if (own !== undefined && list !== undefined) return 1 + inTable(own, list);
  return (
    1 +
    (own ??
      table ??
      Math.max(
        0,
        lines.findIndex((line) => line.trim().startsWith(String(top))),
      ))
  );
}

/** A field's name on one short line. */
function nameOfPlace(place: Place): string {
  return shortened(place.filter((part) => typeof part === 'string').join('.'));
}

/** Adds each mistake with its line, as FILE:LINE: FIELD: what was expected. */
export function mistakenAt(text: string, file: string, mistakes: { line: number; text: string }[]): Mistaken {
  return (place, what) => {
    const line = lineOfPlace(text, place);
    mistakes.push({ line, text: `${file}:${line}: ${nameOfPlace(place)}: ${what}` });
  };
}
