import { existsSync } from 'node:fs';
import { jsonLine, printable } from '@certherd/command-line/printable';
import { counted } from '@certherd/command-line/words';
import { StartTls } from '@certherd/protocol/snapshot';
import { isNameServer } from '../authority.ts';
import type { Config } from '../config.ts';
import { labelBook } from '../evaluate/labels.ts';
import { messageOf, startFailure } from '../failure.ts';
import { compareLists } from '../inventory/compare.ts';
import { createPace } from '@certherd/handshake/outside/pace';
import { answerReader } from '../scan/answers.ts';
import { createProbe, type Probe } from '../scan/probe.ts';
import { systemResolve } from '@certherd/handshake/outside/resolve';
import { readRoots } from '../scan/roots.ts';
import { scanTargets } from '../scan/scan.ts';
import type { SeenTarget } from '../scan/seen.ts';
import type { Target } from '@certherd/handshake/outside/ask-places';
import { targetText } from '../scan/target.ts';
import type { Store } from '../store/store.ts';
import { account } from './account.ts';
import { byCommand } from './by-command.ts';
import { configFor, type Console, type JsonOptions } from './command.ts';
import { notWritten } from './directory.ts';
import { parseDuration } from './duration.ts';
import { restingEstate, storeOf } from './database.ts';
import { scanExits } from './scan-entries.ts';
import { openJournal } from './scan-journal.ts';
import { paceOf, type PaceOptions, wholeFrom } from './scan-pace.ts';
import { scanProgress } from './scan-progress.ts';
import { fleetTargets, targetsOf, type WrittenTarget, writtenIn } from './scan-targets.ts';
import { listedOf, rowsOf, scanSheet, scanSummary, scanTable, type ScanRow, withProblems } from './scan-view.ts';

export interface ScanOptions extends JsonOptions, PaceOptions {
  file?: string | undefined;
  fleet: boolean;
  ports?: string | undefined;
  startTls?: string | undefined;
  roots?: string | undefined;
  versions: boolean;
  nameServers?: string | undefined;
  allowPrivate: boolean;
  allowLoopback: boolean;
  timeout?: string | undefined;
  resume?: string | undefined;
  save: boolean;
  csv: boolean;
}

/** `scan [TARGET...]`: asks, judges, tells. What was asked before it was ended is told too, and kept with --resume. */
export async function scan(given: readonly string[], options: ScanOptions, console: Console): Promise<number> {
  const config = configFor(options, console);
  if (!config) return scanExits.config;
  const store = await storeFor(options, config, console);
  try {
    const { targets, labels } = await asked(given, options, { store, config, console });
    const journal = options.resume === undefined ? undefined : openJournal(options.resume);
    const all = new Map<string, SeenTarget>();
    const left: Target[] = [];
    for (const target of targets) {
      const known = journal?.known.get(targetText(target));
      if (known) all.set(known.target, known);
      else left.push(target);
    }
    if (options.resume !== undefined && all.size > 0)
      console.complain(keptText(options.resume, [...all.values()], targets.length));
    let ended = false;
    const probe = probeOf(options, config, console, () => ended);
    void console.ended().then(() => {
      ended = true;
    });
    const progress = scanProgress(targets.length, all.size, console);
    await scanTargets(
      left,
      probe,
      (seen) => {
        all.set(seen.target, seen);
        journal?.add(seen);
        progress.seen();
      },
      () => ended,
    );
    progress.end();
    journal?.close();
    const inOrder = targets.flatMap((target) => all.get(targetText(target)) ?? []);
    const rows = rowsOf(inOrder, console.clock.now());
    await tell(inOrder, rows, options, { store, labels, console });
    if (options.save && store) await save(rows, store, { config, console });
    if (inOrder.length < targets.length) {
      const way = options.resume === undefined ? '; --resume FILE keeps what was asked' : '; the same command goes on';
      console.complain(`Ended: ${inOrder.length} of ${counted(targets.length, 'target')} asked${way}.`);
      return scanExits.failed;
    }
    if (rows.some(({ verdict }) => verdict === 'wrong')) return scanExits.wrong;
    return rows.some(({ verdict }) => verdict === 'unseen') ? scanExits.unseen : scanExits.ok;
  } finally {
    await store?.close();
  }
}

interface Surroundings {
  store: Store | undefined;
  config: Config;
  console: Console;
}

async function asked(
  given: readonly string[],
  options: ScanOptions,
  { store, config, console }: Surroundings,
): Promise<{ targets: Target[]; labels: ReadonlyMap<string, Labels> }> {
  const startTls = options.startTls === undefined ? undefined : StartTls.enum.find((one) => one === options.startTls);
  if (options.startTls !== undefined && startTls === undefined)
    throw startFailure(`--starttls: expected one of ${StartTls.enum.join(', ')}, found ${printable(options.startTls)}`);
  const ports = (options.ports ?? '443').split(',').map((port) => wholeFrom('--ports', port, 1, 65_535));
  const written: WrittenTarget[] = [
    ...given.map((text) => ({ text })),
    ...(options.file === undefined ? [] : writtenIn(options.file, (line) => console.complain(line))),
  ];
  const targets = targetsOf(written, { ports, startTls });
  if (store && options.fleet) {
    const estate = await restingEstate(store, config, console.clock.now());
    targets.push(...fleetTargets(estate, await store.listed()));
  }
  if (targets.length === 0)
    throw startFailure(
      options.fleet ? 'the fleet knows no name yet' : 'no target: name some, or give --file or --fleet',
    );
  return {
    targets: [...new Map(targets.map((target) => [targetText(target), target])).values()],
    labels: new Map(written.flatMap(({ listed }) => (listed ? [[listed.name, listed.labels] as const] : []))),
  };
}

type Labels = Readonly<Record<string, string>>;

/** A sheet alone is scanned without a collector, too: labels that are not there are left out. */
async function storeFor(options: ScanOptions, config: Config, console: Console): Promise<Store | undefined> {
  if (options.fleet || options.save) return storeOf(config, console);
  if (!options.csv) return undefined;
  if (config.store === undefined && !existsSync(config.dataDirectory)) return undefined;
  try {
    return await storeOf(config, console);
  } catch (error) {
    console.complain(`Labels are left out: ${messageOf(error)}`);
    return undefined;
  }
}

/** What is there already may be of any age: a scan that goes on and one of last week look the same. */
function keptText(file: string, known: readonly SeenTarget[], all: number): string {
  const since = known.reduce((first, { at }) => (at < first ? at : first), known[0]?.at ?? '');
  return `${known.length} of ${counted(all, 'target')} as ${printable(file)} has them, asked since ${since}; a new file asks all of them anew.`;
}

function probeOf(options: ScanOptions, config: Config, { clock }: Console, isOver: () => boolean): Probe {
  const roots = readRoots([...config.scanRoots, ...(options.roots === undefined ? [] : [options.roots])]);
  if (!roots.ok) throw startFailure(printable(roots.failure));
  const servers = options.nameServers?.split(',') ?? config.scanNameServers;
  const wrong = servers.find((server) => !isNameServer(server));
  if (wrong !== undefined) throw startFailure(`--name-servers: ${printable(wrong)} is no address of a resolver`);
  const timeoutMs = parseDuration(options.timeout ?? '10s');
  if (timeoutMs === undefined || timeoutMs > 300_000) throw startFailure('--timeout: expected a time from 1s to 5m');
  return createProbe({
    resolve: systemResolve(servers),
    inTurn: createPace(paceOf(options), clock, isOver),
    read: answerReader(roots.value),
    clock,
    allow: new Set([
      ...config.scanAllow,
      ...(options.allowPrivate ? (['private'] as const) : []),
      ...(options.allowLoopback ? (['loopback'] as const) : []),
    ]),
    versions: options.versions,
    timeoutMs,
  });
}

async function tell(
  all: readonly SeenTarget[],
  rows: readonly ScanRow[],
  options: ScanOptions,
  { store, labels, console }: Pick<Surroundings, 'store' | 'console'> & { labels: ReadonlyMap<string, Labels> },
): Promise<void> {
  const now = console.clock.now();
  if (options.json) {
    console.print(jsonLine({ version: 1, at: new Date(now).toISOString(), items: withProblems(all, now) }));
    return;
  }
  if (options.csv) {
    const book = store && labelBook(await store.labels());
    const set = (name: string) => [...(book?.ofNames([name], '') ?? [])].map(([key, { value }]) => [key, value]);
    // what the sheet itself says of its rows is what whoever scans it wants to find there again
    const labelsOf = (name: string): Labels => ({ ...Object.fromEntries(set(name)), ...labels.get(name) });
    console.print(scanSheet(rows, labelsOf).trimEnd());
    return;
  }
  const columns = process.stdout.isTTY ? process.stdout.columns : undefined;
  for (const line of scanTable(rows, columns)) console.print(line);
  console.print(`\n${scanSummary(all, rows)}`);
}

/** Rows of names that were seen take the place of those of the list, which keep their labels; all others stay. */
async function save(
  rows: readonly ScanRow[],
  store: Store,
  { config, console }: Omit<Surroundings, 'store'>,
): Promise<void> {
  const before = await store.listed();
  const labels = new Map(before.map((row) => [row.name, row.labels]));
  const seen = new Map<string, ReturnType<typeof listedOf>>();
  for (const row of rows) {
    if (!row.answer) continue;
    const { name, expiration, issuer } = listedOf(row);
    if (!/^[a-z0-9_*.-]*[a-z][a-z0-9_.-]*$/.test(name)) continue;
    seen.set(JSON.stringify([name, expiration, issuer]), { name, expiration, issuer, labels: labels.get(name) ?? {} });
  }
  const names = new Set([...seen.values()].map(({ name }) => name));
  const after = [...before.filter(({ name }) => !names.has(name)), ...seen.values()];
  const changes = compareLists(before, after);
  const entry = byCommand(console, 'list-imported', 'scan --save', { rows: String(after.length) });
  const kept = await store.replaceListed(after, changes.labels, account(process.env), entry.at, entry);
  if (!kept.ok) throw notWritten(config, kept.failure);
  console.complain(`${counted(seen.size, 'row')} saved into the list, which has ${counted(after.length, 'row')} now.`);
}
