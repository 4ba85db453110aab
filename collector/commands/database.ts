import type { Config } from '../config.ts';
import { startFailure } from '../failure.ts';
import { assembleEstate } from '../serve/assemble-estate.ts';
import type { Estate } from '../serve/estate.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { readUnheld } from '../store/transparency.ts';
import { silentLog } from '../system/log.ts';
import { collectorVersion } from '../version.ts';
import type { Console } from './command.ts';
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

/** The database that is there. Rejects with a line that says what to do. */
export async function storeOf(config: Config, { clock }: Console): Promise<Store> {
  if (config.store === undefined) requireData(config.dataDirectory);
  const opened = await openStore(config, { clock, log: silentLog });
  if (!opened.ok) throw startFailure(opened.failure.message);
  return opened.value;
}
