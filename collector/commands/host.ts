import { printable } from '@certherd/command-line/printable';
import Table from 'cli-table3';
import pc from 'picocolors';
import type { Config } from '../config.ts';
import { startFailure } from '../failure.ts';
import { assembleEstate } from '../serve/assemble-estate.ts';
import type { Estate, HostView } from '../serve/estate.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { silentLog } from '../system/log.ts';
import { collectorVersion } from '../version.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { requireData } from './directory.ts';

/** `host list`: what the database says. Who is connected right now only the serving process knows. */
export async function listHosts(options: JsonOptions, console: Console): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  const { at, hosts } = await restingEstate(store, config, console.clock.now());
  await store.close();
  if (options.json) console.print(JSON.stringify({ version: 1, at, items: hosts }));
  else if (hosts.length === 0) console.print('No host is enrolled. Next: certherd-collector token create');
  else console.print(tableOf(hosts));
  return exitCodes.ok;
}

/**
 * The estate by the database alone. A host counts as silent here when it was last written down as heard longer ago than
 * silent_after_seconds and one saving (30 s).
 */
export async function restingEstate(
  store: Pick<Store, 'facts'>,
  { silentAfterSeconds, knownIssuers }: Pick<Config, 'silentAfterSeconds' | 'knownIssuers'>,
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
  return assembleEstate({ ...facts, knownIssuers, presenceOf, collectorVersion, startedAt: now }, now);
}

/** The database that is there. Rejects with a line that says what to do. */
export async function storeOf(config: Config, { clock }: Console): Promise<Store> {
  if (config.store === undefined) requireData(config.dataDirectory);
  const opened = await openStore(config, { clock, log: silentLog });
  if (!opened.ok) throw startFailure(opened.failure.message);
  return opened.value;
}

function tableOf(hosts: readonly HostView[]): string {
  const table = new Table({
    head: ['Host', 'Status', 'Why', 'Last heard', 'Agent id', 'Version'],
    style: { head: [], border: [] },
  });
  for (const host of hosts)
    table.push([
      printable(host.name),
      coloured[host.status](host.status),
      printable(host.reason).slice(0, 80),
      host.lastHeardAt ?? 'never',
      host.agentId,
      printable(host.agentVersion),
    ]);
  return table.toString();
}

const coloured: Readonly<Record<HostView['status'], (text: string) => string>> = {
  healthy: pc.green,
  warning: pc.yellow,
  critical: pc.red,
  unknown: pc.dim,
};
