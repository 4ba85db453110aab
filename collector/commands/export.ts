import { lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { jsonLine, printable } from '@certherd/command-line/printable';
import { codeOf, startFailure } from '../failure.ts';
import { seenNames } from '../inventory/seen.ts';
import { writeSheet } from '../inventory/write-sheet.ts';
import { listedRows } from '../present/listed-rows.ts';
import { type Console, exitCodes, type JsonOptions } from './command.ts';
import { readMore } from './database.ts';

export interface ExportOptions extends JsonOptions {
  served?: boolean;
}

/** `export [FILE]`: the imported list as CSV, as `import` reads it; with --served also where each name is served, and until when. */
export async function exportList(file: string | undefined, options: ExportOptions, console: Console): Promise<number> {
  const read = await readMore(options, console, ({ store }) => store.listed());
  if (!read) return exitCodes.config;
  const { estate, more: rows } = read;
  const seen = seenNames(estate);
  const served = (name: string) => ({
    served_until: seen(name)?.servedUntil?.slice(0, 10) ?? '',
    served_on: seen(name)?.hostNames.join(' ') ?? '',
  });
  if (options.json) {
    const statuses = new Map(listedRows(estate, '').map(({ place, status }) => [place, status]));
    const items = rows.map((row, place) => ({ ...row, ...seen(row.name), status: statuses.get(place) }));
    console.print(jsonLine({ version: 1, items }));
    return exitCodes.ok;
  }
  const text = writeSheet(rows, options.served ? ({ name }) => served(name) : undefined);
  if (file === undefined) console.print(text.trimEnd());
  else {
    write(file, text);
    console.complain(`${rows.length} ${rows.length === 1 ? 'row' : 'rows'} written to ${printable(file)}.`);
  }
  return exitCodes.ok;
}

/** A list that is there is replaced whole or not at all; what is no plain file (a link, /dev/stdout) is written to. */
function write(file: string, text: string): void {
  const beside = `${file}.${process.pid}.new`;
  try {
    const found = lstatSync(file, { throwIfNoEntry: false });
    if (found && !found.isFile()) return writeFileSync(file, text);
    writeFileSync(beside, text, { flush: true, ...(found && { mode: found.mode & 0o777 }) });
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    if (!codeOf(error)) throw error;
    throw startFailure(`${printable(file)}: cannot be written (${codeOf(error)})`);
  }
}
