import { jsonLine, printable } from '@certherd/command-line/printable';
import { counted } from '@certherd/command-line/words';
import { type Column, sheetOf, sorted } from '../present/columns.ts';
import { type Choice, type Facet, sift, wordsOf } from '../present/facets.ts';
import type { List } from '../present/list.ts';
import type { Estate } from '../serve/estate.ts';
import { type Console, exitCodes, type JsonOptions } from './command.ts';
import { readEstate } from './database.ts';
import { listLines } from './print-list.ts';

/** How somebody wants to see a list: as the page's own address says it there. */
export interface ListOptions extends JsonOptions {
  /** What is searched for: every word has to be in a row. */
  words: readonly string[];
  /** By a facet's name the value that rows must have; "none": none. */
  chosen: Readonly<Record<string, string | undefined>>;
  sort?: string | undefined;
  reverse?: boolean;
  /** Names with commas between them, or "all". */
  columns?: string | undefined;
  csv?: boolean;
  /** How many rows have each value, and no rows. */
  counts?: boolean;
}

/** What is listed, and how it is told. */
export interface Listed<Row> {
  list: List<Row>;
  rowsOf: (estate: Estate) => readonly Row[];
  /** What --json tells of these rows. */
  itemsOf: (rows: readonly Row[]) => readonly object[];
  /** Where there is none at all. */
  none: string;
}

/** `certificate list`, `endpoint list`, `host list`, `target list`: what the page lists, searched, narrowed down and sorted by the same rules. */
export async function showList<Row>(
  { list, rowsOf, itemsOf, none }: Listed<Row>,
  options: ListOptions,
  console: Console,
): Promise<number> {
  const wrong = mistakeIn(list, options);
  if (wrong !== undefined) {
    console.complain(wrong);
    return exitCodes.usage;
  }
  const read = await readEstate(options, console);
  if (!read) return exitCodes.config;
  const { estate, now } = read;
  const all = rowsOf(estate);
  const choice = choiceOf(all, list.facets, options.chosen);
  const search = { words: options.words.flatMap(wordsOf), holds: list.holds };
  const { rows: found, counts } = sift(all, search, list.facets, choice);
  const rows = sorted(found, list.columns, options.sort === undefined ? undefined : orderOf(list.columns, options));
  if (options.counts) tellCounts(list.facets, counts, options, console);
  else if (options.json) console.print(jsonLine({ version: 1, at: estate.at, items: itemsOf(rows) }));
  else if (options.csv) console.print(sheetOf(shownColumns(list.columns, options.columns), rows).trimEnd());
  else if (all.length === 0) console.print(none);
  else if (rows.length === 0)
    console.print(`Nothing fits, of ${counted(all.length, list.name.slice(0, -1))}. To see what there is: --counts`);
  else tell(rows, shownColumns(list.columns, options.columns), { list, all: all.length, now, options }, console);
  return exitCodes.ok;
}

function tell<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { list, all, now, options }: { list: List<Row>; all: number; now: number; options: ListOptions },
  console: Console,
): void {
  const width = process.stdout.isTTY && options.columns === undefined ? process.stdout.columns : undefined;
  const { lines, leftOut } = listLines(rows, columns, { now, width });
  for (const line of lines) console.print(line);
  if (rows.length < all) console.complain(`${rows.length} of ${counted(all, list.name.slice(0, -1))}.`);
  if (leftOut.length > 0) console.complain(`No room for ${leftOut.join(', ')}: --columns all, --csv or --json.`);
}

function mistakeIn<Row>({ columns }: List<Row>, options: ListOptions): string | undefined {
  const { sort, reverse, csv, json, counts } = options;
  const names = columns.map(({ name }) => name);
  const sorts = columns.filter((column) => column.sort);
  if (sort !== undefined && columnCalled(sorts, sort) === undefined)
    return `--sort: expected a heading, or one of ${sorts.map(({ name }) => name).join(', ')}, found ${JSON.stringify(sort)}`;
  if (reverse && sort === undefined) return '--reverse: say by what: --sort COLUMN --reverse';
  const unknown = asked(columns, options.columns).find((name) => columnCalled(columns, name) === undefined);
  if (unknown !== undefined)
    return `--columns: expected all, or headings, or some of ${names.join(',')}, found ${JSON.stringify(unknown)}`;
  if (csv && (json || counts)) return '--csv: rows as a table; leave out --json and --counts';
  return undefined;
}

/** By its name, which the page has in its address, else as it is headed, in any case: hosts have a label `platform` beside "Platform", which is their system. */
function columnCalled<Row>(columns: readonly Column<Row>[], word: string): Column<Row> | undefined {
  const asked = word.toLowerCase();
  return columns.find(({ name }) => name === asked) ?? columns.find(({ title }) => title.toLowerCase() === asked);
}

/** With commas between them, which headings may have themselves: "Endpoints, files". */
function asked<Row>(columns: readonly Column<Row>[], wanted: string | undefined): string[] {
  if (wanted === undefined || wanted === 'all') return [];
  const named = columns
    .filter(({ title }) => title.includes(','))
    .reduce((text, { name, title }) => text.replace(new RegExp(title, 'i'), name), wanted);
  return named.split(',').map((name) => name.trim());
}

function shownColumns<Row>(columns: readonly Column<Row>[], wanted: string | undefined): readonly Column<Row>[] {
  if (wanted === 'all') return columns;
  const chosen = asked(columns, wanted).map((one) => columnCalled(columns, one));
  return columns.filter(
    (column) => column.names === true || (wanted === undefined ? column.usual : chosen.includes(column)),
  );
}

function orderOf<Row>(
  columns: readonly Column<Row>[],
  { sort = '', reverse = false }: ListOptions,
): { by: string; descending: boolean } {
  return { by: columnCalled(columns, sort)?.name ?? '', descending: reverse };
}

/** A value is meant as it is or as it is worded, in any case. */
function choiceOf<Row>(rows: readonly Row[], facets: readonly Facet<Row>[], chosen: ListOptions['chosen']): Choice {
  return new Map(
    facets.flatMap(({ name, valuesOf, words }): [string, string][] => {
      const wanted = chosen[name];
      if (wanted === undefined) return [];
      if (wanted === 'none') return [[name, '']];
      const means = (value: string) =>
        [value, words?.(value)].some((text) => text?.toLowerCase() === wanted.toLowerCase());
      return [[name, rows.flatMap(valuesOf).find(means) ?? wanted]];
    }),
  );
}

function tellCounts<Row>(
  facets: readonly Facet<Row>[],
  counts: ReadonlyMap<string, ReadonlyMap<string, number>>,
  { json }: ListOptions,
  console: Console,
): void {
  const items = facets.map(({ name, words = (value) => value }) => ({
    facet: name,
    values: [...(counts.get(name) ?? [])]
      .map(([value, count]) => ({
        value: value === '' ? 'none' : value,
        words: value === '' ? 'none' : words(value),
        count,
      }))
      .sort((one, other) => other.count - one.count || (one.value < other.value ? -1 : 1)),
  }));
  if (json)
    return console.print(
      jsonLine({
        version: 1,
        items: items.map(({ facet, values }) => ({
          facet,
          values: values.map(({ value, count }) => ({ value, count })),
        })),
      }),
    );
  for (const { facet, values } of items) {
    if (values.length === 0) continue;
    console.print(`--${facet}`);
    for (const { words, count } of values) console.print(`${String(count).padStart(8)}  ${printable(words)}`);
  }
}
