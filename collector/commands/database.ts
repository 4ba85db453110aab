import type { Config } from '../config.ts';
import { startFailure } from '../failure.ts';
import { assembleEstate } from '../serve/assemble-estate.ts';
import type { Estate } from '../serve/estate.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { readUnheld } from '../store/transparency.ts';
import { silentLog } from '../system/log.ts';
import { collectorVersion } from '../version.ts';
import { type CommonOptions, configFor, type Console } from './command.ts';
import { requireData } from './directory.ts';

/**
 * The estate by the database alone. A host counts as silent here when it was last written down as heard longer ago than
 * silent_after_seconds and one saving (30 s).
 */
export async function restingEstate(
  store: Pick<Store, 'facts' | 'transparency' | 'campaigns'>,
  {
    silentAfterSeconds,
    knownIssuers,
    transparency,
  }: Pick<Config, 'silentAfterSeconds' | 'knownIssuers' | 'transparency'>,
  now: number,
): Promise<Estate> {
  const silentAfterMs = (silentAfterSeconds + 30) * 1000;
  const facts = await store.facts();
  const heard = new Map(facts.hosts.map((host) => [host.agentId, host.heardAt]));
  const presenceOf = (agentId: string) => {
    const heardAt = heard.get(agentId);
    const silent = heardAt === undefined || now - heardAt > silentAfterMs;
    return { connected: false, silent, heardAt, observedAt: undefined };
  };
  const beside = { logged: await readUnheld(store.transparency), halted: await store.campaigns.halted() };
  const policy = { knownIssuers, graceMs: transparency.graceMs };
  return assembleEstate({ ...facts, ...beside, ...policy, presenceOf, collectorVersion, startedAt: now }, now);
}

interface Read<More> {
  config: Config;
  estate: Estate;
  now: number;
  more: More;
}

/** What a command that tells reads, once. undefined: the settings are wrong, and that was told. */
export function readEstate(options: CommonOptions, console: Console): Promise<Read<undefined> | undefined> {
  return readMore(options, console, async () => undefined);
}

/** The same, with `more` of the same database; it is closed whatever comes. */
export async function readMore<More>(
  options: CommonOptions,
  console: Console,
  more: (read: { store: Store; estate: Estate; now: number }) => Promise<More>,
): Promise<Read<More> | undefined> {
  const config = configFor(options, console);
  if (!config) return undefined;
  const store = await storeOf(config, console);
  try {
    const now = console.clock.now();
    const estate = await restingEstate(store, config, now);
    return { config, estate, now, more: await more({ store, estate, now }) };
  } finally {
    await store.close();
  }
}

/** The database that is there. Rejects with a line that says what to do. */
export async function storeOf(config: Config, { clock }: Console): Promise<Store> {
  if (config.store === undefined) requireData(config.dataDirectory);
  const opened = await openStore(config, { clock, log: silentLog });
  if (!opened.ok) throw startFailure(opened.failure.message);
  return opened.value;
}
