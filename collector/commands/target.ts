import { jsonLine, printable } from '@certherd/command-line/printable';
import { counted } from '@certherd/command-line/words';
import { addressBytes, reachOf } from '@certherd/handshake/outside/address';
import type { Target } from '@certherd/handshake/outside/ask-places';
import { StartTls } from '@certherd/protocol/snapshot';
import type { Config } from '../config.ts';
import { startFailure } from '../failure.ts';
import { targetText } from '../scan/target.ts';
import type { Store } from '../store/store.ts';
import { account } from './account.ts';
import { byCommand } from './by-command.ts';
import { chosenHost } from './chosen-host.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { notWritten } from './directory.ts';
import { parseDuration } from './duration.ts';
import { storeOf } from './database.ts';
import { targetsOf, type WrittenTarget, writtenIn } from './scan-targets.ts';

export interface TargetOptions extends JsonOptions {
  /** As of scan. */
  file?: string | undefined;
  every?: string | undefined;
  startTls?: string | undefined;
  /** Vantages with commas between them. */
  from?: string | undefined;
}

const leastMs = 10_000;
/** Each is asked by itself, day and night. */
const mostAtOnce = 1000;

/** `target add TARGET...`: the serving collector asks it within seconds. */
export async function addTargets(given: readonly string[], options: TargetOptions, console: Console): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const everyMs = parseDuration(options.every ?? '1h');
  if (everyMs === undefined || everyMs < leastMs) throw startFailure('--every: expected a time from 10s to 30d');
  const startTls = options.startTls === undefined ? undefined : StartTls.enum.find((one) => one === options.startTls);
  if (options.startTls !== undefined && startTls === undefined)
    throw startFailure(`--starttls: expected one of ${StartTls.enum.join(', ')}, found ${printable(options.startTls)}`);
  const listed = options.file === undefined ? [] : writtenIn(options.file, (line) => console.complain(line));
  const parsed = written([...given.map((text) => ({ text })), ...listed], startTls);
  if (parsed.length === 0) throw startFailure('no target: name some, or give --file');
  const targets = parsed.map(targetText);
  const store = await storeOf(config, console);
  try {
    for (const { vantage, name } of await vantagesOf(options.from ?? 'collector', store)) {
      if (vantage === 'collector') tellRefused(parsed, config, console);
      for (const target of targets) {
        const detail = { every: `${everyMs / 1000} s`, ...(vantage !== 'collector' && { from: name }) };
        const entry = byCommand(console, 'target-added', target, detail);
        const kept = await store.targets.add(
          { target, everyMs, setBy: account(process.env), vantage },
          entry.at,
          entry,
        );
        if (!kept.ok) throw notWritten(config, kept.failure);
      }
    }
  } finally {
    await store.close();
  }
  if (options.json) console.print(jsonLine({ version: 1, items: targets }));
  else
    console.print(
      `${counted(targets.length, 'target')} asked every ${options.every ?? '1h'} from now on${options.from === undefined ? '' : `, by ${printable(options.from)}`}.`,
    );
  return exitCodes.ok;
}

/** Said at once of what is an address; where a name leads is known as it is asked. */
function tellRefused(targets: readonly Target[], { scanAllow }: Pick<Config, 'scanAllow'>, console: Console): void {
  for (const target of targets) {
    const reach = addressBytes(target.host) ? reachOf(target.host) : 'public';
    if (reach === 'public' || (reach !== 'never' && scanAllow.includes(reach))) continue;
    const why = reach === 'never' ? 'such an address is never asked' : `not asked before scan_allow has "${reach}"`;
    console.complain(`${targetText(target)}: ${why}`);
  }
}

/** `target remove TARGET...` */
export async function removeTargets(
  given: readonly string[],
  options: TargetOptions,
  console: Console,
): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  const removed: string[] = [];
  try {
    const known = new Set((await store.targets.all()).map(({ target }) => target));
    const vantages = options.from === undefined ? [undefined] : await vantagesOf(options.from, store);
    for (const text of given) {
      const target = keptText(text, known);
      for (const from of vantages) {
        const entry = byCommand(console, 'target-removed', target, from && { from: from.name });
        const kept = await store.targets.remove(target, entry, from?.vantage);
        if (!kept.ok) throw notWritten(config, kept.failure);
        if (!kept.value) throw noSuchTarget(target);
      }
      removed.push(target);
    }
  } finally {
    await store.close();
  }
  if (options.json) console.print(jsonLine({ version: 1, removed }));
  else console.print(`${counted(removed.length, 'target')} removed.`);
  return exitCodes.ok;
}

/** `target look TARGET...`: whichever collector asks them does so within seconds. */
export async function lookAtTargets(
  given: readonly string[],
  options: TargetOptions,
  console: Console,
): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  const asked: string[] = [];
  try {
    const rows = await store.targets.all();
    const known = new Set(rows.map(({ target }) => target));
    const vantages = options.from === undefined ? undefined : await vantagesOf(options.from, store);
    for (const text of given) {
      const target = keptText(text, known);
      const found = rows.filter(
        (row) => row.target === target && (!vantages || vantages.some(({ vantage }) => vantage === row.vantage)),
      );
      if (found.length === 0) throw noSuchTarget(target);
      for (const { id, vantage, vantageName = vantage } of found) {
        const entry = byCommand(console, 'target-look-asked', target, { from: vantageName });
        const kept = await store.targets.want(id, entry);
        if (!kept.ok) throw notWritten(config, kept.failure);
        if (!kept.value) throw noSuchTarget(target);
      }
      asked.push(target);
    }
  } finally {
    await store.close();
  }
  if (options.json) console.print(jsonLine({ version: 1, asked }));
  else console.print(`${counted(asked.length, 'target')} asked within seconds: certherd-collector target list`);
  return exitCodes.ok;
}

/** As it is shown, else as it was added. */
function keptText(text: string, known: ReadonlySet<string>): string {
  const [parsed] = known.has(text) ? [] : written([{ text }], undefined);
  return parsed ? targetText(parsed) : text;
}

function noSuchTarget(target: string): Error {
  return startFailure(`${printable(target)}: no such target; certherd-collector target list has them`);
}

/** "collector", and hosts by their names or agent ids. */
async function vantagesOf(text: string, store: Store): Promise<{ vantage: string; name: string }[]> {
  const { hosts } = await store.facts();
  return text.split(',').map((word) => {
    if (word.trim() === 'collector') return { vantage: 'collector', name: 'collector' };
    const found = chosenHost(word.trim(), hosts);
    if ('mistake' in found) throw startFailure(`--from: ${found.mistake}`);
    return { vantage: found.host.agentId, name: found.host.name };
  });
}

function written(given: readonly WrittenTarget[], startTls: (typeof StartTls.enum)[number] | undefined): Target[] {
  const targets = targetsOf(given, { ports: [443], startTls });
  if (targets.length > mostAtOnce) throw startFailure(`more than ${mostAtOnce} targets: scan a range instead`);
  return targets;
}
