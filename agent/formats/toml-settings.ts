import { parse, TomlError } from 'smol-toml';
import type { Static, TObject, TSchema } from 'typebox';
import { Errors, Check } from 'typebox/value';

/** One mistake in a settings file; `line` counts from 1. */
export interface Mistake {
  line: number;
  field: string;
  /** "expected …, found …", or what an unknown field may have been meant to be. */
  problem: string;
}

/**
 * TOML text as `schema` wants it, or every mistake in it. Each leaf of the schema says in its `description`
 * what is expected there; fields that the schema does not name are mistakes. `lineOf` tells the line of a field by its keys,
 * and of one of several tables of the same name by its position: ['listener', '0'].
 */
export function readSettings<T extends TObject>(
  text: string,
  schema: T,
): { ok: true; value: Static<T>; lineOf: (path: readonly string[]) => number } | { ok: false; failure: Mistake[] } {
  let value: unknown;
  try {
    value = parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const found = text.split('\n')[error.line - 1]?.trim() ?? '';
    const message = error.message.split('\n')[0] ?? '';
    return {
      ok: false,
      failure: [{ line: error.line, field: '', problem: `expected TOML (${message}), found ${shown(found)}` }],
    };
  }
  const unknown = unknownFields(value, schema, []);
  const mistakes = unknown.map((path) => ({
    line: lineOf(text, path),
    field: shownField(path),
    problem: `unknown field; ${suggestion(path, schema)}`,
  }));
  const told = new Set(unknown.map((path) => path.join('.')));
  for (const error of Errors(schema, value)) {
    if (error.keyword === 'additionalProperties') continue;
    const missing =
      error.keyword === 'required' ? (error.params as { requiredProperties?: string[] }).requiredProperties : undefined;
    const pointer = error.instancePath.split('/').slice(1);
    // RFC 6901
    const keys = pointer.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const path = [...keys, ...(missing?.slice(0, 1) ?? [])];
    if (told.has(path.join('.'))) continue;
    told.add(path.join('.'));
    mistakes.push({
      line: lineOf(text, path),
      field: shownField(path),
      problem: `expected ${schemaAt(schema, path)?.description ?? error.message}, found ${missing ? 'nothing' : shown(valueAt(value, path))}`,
    });
  }
  return Check(schema, value)
    ? { ok: true, value, lineOf: (path) => lineOf(text, path) }
    : { ok: false, failure: mistakes };
}

type Node = TSchema & {
  description?: string;
  properties?: Record<string, Node>;
  /** Of tables by any name: the schema of each. */
  patternProperties?: Record<string, Node>;
  items?: Node;
};

function schemaAt(schema: Node, path: string[]): Node | undefined {
  return path.reduce<Node | undefined>((node, key) => (node && fieldOf(node, key)) ?? node?.items, schema);
}

function fieldOf({ properties = {}, patternProperties = {} }: Node, key: string): Node | undefined {
  return Object.hasOwn(properties, key) ? properties[key] : Object.values(patternProperties)[0];
}

function valueAt(value: unknown, path: string[]): unknown {
  return path.reduce<unknown>(
    (node, key) => (isTable(node) ? node[key] : Array.isArray(node) ? node[Number(key)] : undefined),
    value,
  );
}

/** Tables of the same name are told apart by their lines. */
function shownField(path: string[]): string {
  return path.filter((key) => !/^\d+$/.test(key)).join('.');
}

function unknownFields(value: unknown, schema: Node, above: string[]): string[][] {
  const { items } = schema;
  if (Array.isArray(value) && items?.properties)
    return value.flatMap((inner, index) => unknownFields(inner, items, [...above, String(index)]));
  return Object.entries(isTable(value) ? value : {}).flatMap(([key, inner]) => {
    const path = [...above, key];
    const known = fieldOf(schema, key);
    if (!known) return [path];
    const hasFields = known.properties !== undefined || known.patternProperties !== undefined;
    return (isTable(inner) && hasFields) || Array.isArray(inner) ? unknownFields(inner, known, path) : [];
  });
}

function suggestion(path: string[], schema: Node): string {
  const known = Object.keys(schemaAt(schema, path.slice(0, -1))?.properties ?? {});
  const wanted = path.at(-1) ?? '';
  const nearest = known
    .map((name) => ({ name, distance: editDistance(name, wanted) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return nearest && nearest.distance <= 3 ? `did you mean ${nearest.name}?` : `known are ${known.join(', ')}`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (letter === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/**
 * The line on which a field is set; where it is missing, its table's line, else 1. A table of a list written in one piece
 * (`listener = [{ … }]`) has the line on which the list begins.
 */
function lineOf(text: string, path: readonly string[]): number {
  let table: string[] = [];
  let best = 1;
  const counted = new Map<string, number>();
  for (const [index, line] of text.split('\n').entries()) {
    const [, list, header = list] = /^\s*\[(?:\[([^[\]]+)\]|([^[\]]+))\]/.exec(line) ?? [];
    if (header !== undefined) table = keys(header);
    if (list !== undefined) {
      const name = table.join('.');
      const position = counted.get(name) ?? 0;
      counted.set(name, position + 1);
      table = [...table, String(position)];
    }
    const assigned = /^\s*([A-Za-z0-9_."'-]+)\s*=/.exec(line);
    const here = assigned ? [...table, ...keys(assigned[1] ?? '')] : header === undefined ? undefined : table;
    if (!here || here.some((key, depth) => key !== path[depth])) continue;
    best = index + 1;
    if (here.length === path.length) break;
  }
  return best;
}

/** A dot inside quotes is part of a name: [lineage."shop.example.org"]. */
function keys(dotted: string): string[] {
  const parts = dotted.match(/"[^"]*"|'[^']*'|[^."'\s]+/g) ?? [];
  return parts.map((key) => key.replace(/^["']|["']$/g, ''));
}

function shown(value: unknown): string {
  const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value);
  return text === undefined ? 'nothing' : text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
