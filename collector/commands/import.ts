import { readFileSync, statSync } from 'node:fs';
import { jsonLine, printable } from '@certherd/command-line/printable';
import { counted } from '@certherd/command-line/words';
import { codeOf, startFailure } from '../failure.ts';
import { compareLists, type ListChanges } from '../inventory/compare.ts';
import { seenNames } from '../inventory/seen.ts';
import { maxSheetBytes, readSheet, type Sheet } from '../inventory/sheet.ts';
import { verdictsOf, type Verdict } from '../inventory/verdicts.ts';
import type { ListedFacts } from '../store/facts.ts';
import { account } from './account.ts';
import { byCommand } from './by-command.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { notWritten } from './directory.ts';
import { restingEstate, storeOf } from './database.ts';
import { verdictTable } from './import-verdicts.ts';

export interface ImportOptions extends JsonOptions {
  dryRun?: boolean;
  yes?: boolean;
  skipWrong?: boolean;
  wide?: boolean;
}

/**
 * `import FILE`: the list in FILE takes the place of the one that was imported before, wholly or not at all. It is shown first what
 * that would change, and asked on a terminal.
 */
export async function importList(file: string, options: ImportOptions, console: Console): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const sheet = readSheet(textOf(file));
  if (!sheet.ok) throw startFailure(`${printable(file)}: ${printable(sheet.failure)}`);
  const rows = sheet.value.rows.flatMap(({ row }) => (row.ok ? [row.value] : []));
  const store = await storeOf(config, console);
  try {
    const now = console.clock.now();
    const changes = compareLists(await store.listed(), rows);
    const seen = seenNames(await restingEstate(store, config, now));
    const verdicts = verdictsOf(sheet.value, changes, seen);
    if (!options.json) tell(sheet.value, changes, verdicts, options, console);
    const wrong = verdicts.filter(({ verdict }) => verdict === 'wrong').length;
    const refused = await refusal(file, rows, changes, wrong, options, console);
    if (refused === undefined) {
      const entry = byCommand(console, 'list-imported', file, { rows: String(rows.length) });
      const kept = await store.replaceListed(rows, changes.labels, account(process.env), now, entry);
      if (!kept.ok) throw notWritten(config, kept.failure);
    }
    if (options.json) console.print(jsonLine({ version: 1, imported: refused === undefined, items: verdicts }));
    else if (refused === undefined) console.print(`${counted(rows.length, 'row')} imported.`);
    else console.complain(refused);
    return refused === undefined || options.dryRun === true ? exitCodes.ok : exitCodes.failed;
  } finally {
    await store.close();
  }
}

/** Why nothing is imported; undefined: it is to be done. */
async function refusal(
  file: string,
  rows: readonly ListedFacts[],
  { added, gone }: ListChanges,
  wrong: number,
  { dryRun, yes, skipWrong, json }: ImportOptions,
  console: Console,
): Promise<string | undefined> {
  if (dryRun) return 'Nothing was imported (--dry-run).';
  if (wrong > 0 && !skipWrong)
    return `Nothing was imported: mend ${counted(wrong, 'row')}, or leave ${wrong === 1 ? 'it' : 'them'} out with --skip-wrong.`;
  if (rows.length === 0) return `Nothing was imported: ${printable(file)} has no row that could be taken.`;
  if (yes) return undefined;
  const question = `Import ${counted(rows.length, 'row')}, ${added.length} of them new, in place of the list before (${gone.length} go)?`;
  const agreed = json ? undefined : await console.confirm(question);
  if (agreed) return undefined;
  return agreed === undefined
    ? 'Nothing was imported: --yes does it, and on a terminal you are asked.'
    : 'Nothing was imported.';
}

function textOf(file: string): string {
  try {
    if (file !== '-' && statSync(file).size > maxSheetBytes)
      throw startFailure(`${printable(file)}: larger than 16 MiB`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file === '-' ? 0 : file));
  } catch (error) {
    if (error instanceof TypeError)
      throw startFailure(
        `${printable(file)}: not UTF-8: save it as "CSV UTF-8", or convert it: iconv -f WINDOWS-1252 -t UTF-8`,
      );
    if (!codeOf(error)) throw error;
    throw startFailure(`${printable(file)}: cannot be read (${codeOf(error)})`);
  }
}

function tell(
  { columns }: Sheet,
  changes: ListChanges,
  verdicts: readonly Verdict[],
  { wide }: ImportOptions,
  console: Console,
): void {
  const taken = columns
    .filter(({ role }) => role !== 'ours')
    .map(({ header, role, key }) => `${printable(header)} as ${role === 'label' ? `label ${key}` : role}`);
  console.print(`Columns: ${taken.join(', ')}.`);
  for (const line of verdictTable(verdicts, wide ? Infinity : 20)) console.print(line);
  const count = (verdict: Verdict['verdict']) => verdicts.filter((one) => one.verdict === verdict).length;
  const listed = verdicts.filter(({ verdict }) => verdict === 'new' || verdict === 'same');
  const names = new Set(listed.map(({ name }) => name));
  const unseen = new Set(listed.filter(({ hostNames }) => hostNames === undefined).map(({ name }) => name));
  const other = listed.filter(({ differs }) => differs).length;
  console.print(
    `\n${counted(listed.length, 'row')} of ${counted(names.size, 'name')}: ${count('new')} new, ${count('same')} as before; ${count('wrong')} wrong, ${changes.gone.length} gone.`,
  );
  console.print(
    `${counted(names.size - unseen.size, 'name')} served where an agent looks, ${unseen.size} seen by none; ${counted(other, 'row')} with another end than what is served.`,
  );
}
