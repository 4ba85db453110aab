import { domainToASCII } from 'node:url';
import type { Result } from '@certherd/protocol/failure';
import { parse } from 'csv-parse/sync';
import type { ListedFacts } from '../store/facts.ts';
import { columnsOf, type Column } from './columns.ts';
import { readable } from './formula.ts';

export interface SheetRow {
  /** Counted from 1, the header too. */
  line: number;
  /** Why the row cannot be taken, in words. */
  row: Result<ListedFacts, string>;
  /** The name as it stands there, with a port or a path for instance. */
  written?: string;
}

export interface Sheet {
  columns: readonly Column[];
  rows: SheetRow[];
}

export const maxSheetBytes = 16 * 1024 * 1024;
const maxRows = 100_000;
const maxFieldLength = 500;

/**
 * A sheet with a header (CSV, by comma, semicolon or tab), or a plain list of names, one a line, where "#" begins a comment. The
 * failure says what is wrong with the file as a whole; what is wrong with a row is said there.
 */
export function readSheet(text: string): Result<Sheet, string> {
  const { told, body } = delimiterOf(text);
  const header = /^(?:\s*#[^\n]*\n|\s*\n)*\s*([^\r\n]*)/.exec(body)?.[1] ?? '';
  const isPlain = told === undefined && !/[,;\t]/.test(header);
  if (isPlain && columnsOf([header]) === undefined) return { ok: true, value: plainList(body) };
  const read = records(body, told ?? mostIn(header));
  if (!read.ok) return read;
  const [first, ...rest] = read.value;
  const columns = columnsOf(first?.fields ?? []);
  if (!columns)
    return {
      ok: false,
      failure: `no column has the names: one must be headed domain, name, host or the like; found ${(first?.fields ?? []).map((field) => JSON.stringify(field)).join(', ')}`,
    };
  if (rest.length > maxRows) return { ok: false, failure: `more than ${maxRows} rows` };
  return {
    ok: true,
    value: {
      columns,
      rows: rest.map(({ fields, line }) => ({ line, row: rowOf(columns, fields), ...written(columns, fields) })),
    },
  };
}

/** Spreadsheets write "sep=;" before all else, and read it. It counts as a line. */
function delimiterOf(text: string): { told: string | undefined; body: string } {
  const plain = text.replace(/^\uFEFF/, '');
  const [line, told] = /^sep=(.)\r?(?=\n)/.exec(plain) ?? [];
  return { told, body: line === undefined ? plain : plain.slice(line.length) };
}

function mostIn(header: string): string {
  const [most = ','] = [',', ';', '\t'].toSorted((one, other) => count(header, other) - count(header, one));
  return most;
}

function plainList(text: string): Sheet {
  const rows = text
    .split(/\r\n|\r|\n/)
    .map((line, index) => ({ line: index + 1, text: line.replace(/#.*$/, '').trim() }))
    .filter((line) => line.text !== '')
    .map(({ line, text: name }) => ({ line, row: rowOf([{ role: 'name' }], [name]) }));
  return { columns: [{ role: 'name', header: 'domain' }], rows };
}

interface SheetRecord {
  fields: string[];
  line: number;
}

function records(text: string, delimiter: string): Result<SheetRecord[], string> {
  const found: SheetRecord[] = [];
  try {
    parse(text, {
      delimiter,
      record_delimiter: ['\r\n', '\n', '\r'],
      comment: '#',
      comment_no_infix: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      max_record_size: 256 * 1024,
      on_record(record: string[], { lines }) {
        if (record.some((field) => field !== '')) found.push({ fields: record.map(readable), line: lines });
        return null;
      },
    });
    return { ok: true, value: found };
  } catch (error) {
    return { ok: false, failure: error instanceof Error ? error.message : 'no CSV' };
  }
}

function rowOf(
  columns: readonly Pick<Column, 'role' | 'key'>[],
  fields: readonly string[],
): Result<ListedFacts, string> {
  if (fields.length > columns.length)
    return { ok: false, failure: `${fields.length} fields where the header has ${columns.length}` };
  const long = fields.find((field) => field.length > maxFieldLength);
  if (long !== undefined) return { ok: false, failure: `a field of more than ${maxFieldLength} characters` };
  const row: ListedFacts = { name: '', expiration: '', issuer: '', labels: {} };
  for (const [index, { role, key }] of columns.entries()) {
    const field = fields[index] ?? '';
    if (role === 'label' && key !== undefined) {
      if (field !== '') row.labels[key] = field;
    } else if (role !== 'label' && role !== 'ours') row[role] = field;
  }
  const name = listedName(row.name);
  if (name === undefined)
    return { ok: false, failure: row.name === '' ? 'no name' : `${JSON.stringify(row.name)} is no DNS name` };
  return { ok: true, value: { ...row, name } };
}

function written(columns: readonly Pick<Column, 'role'>[], fields: readonly string[]): Pick<SheetRow, 'written'> {
  const name = fields[columns.findIndex(({ role }) => role === 'name')];
  return name === undefined ? {} : { written: name };
}

/** Out of "https://Shop.example.com:8443/path", "shop.example.com." or "*.example.com"; undefined: there is none. */
function listedName(text: string): string | undefined {
  const bare = text
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/[/?#].*$/s, '')
    .replace(/:\d{1,5}$/, '')
    .replace(/\.$/, '');
  const wildcard = bare.startsWith('*.') ? '*.' : '';
  const name = domainToASCII(bare.slice(wildcard.length));
  const isName =
    name.length <= 250 &&
    /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(name);
  return isName ? wildcard + name : undefined;
}

function count(text: string, letter: string): number {
  return text.split(letter).length - 1;
}
