import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Finding } from '@certherd/protocol/finding';
import { type Join, parseJoin } from '@certherd/protocol/join';
import { startCollector } from '../../collector/app.ts';
import { formatAuthority } from '../../collector/authority.ts';
import { loadConfig } from '../../collector/config.ts';
import { silentLog } from '../../collector/system/log.ts';
import { day } from '../../test/collector/helpers/example-snapshot.ts';
import type { Sandbox } from '../../test/helpers/testbed/sandbox.ts';
import { until } from '../../test/helpers/testbed/until.ts';
import { readEstate } from '../stage/estate.ts';
import type { Narrator } from '../stage/narrator.ts';
import { environment } from '../stage/products.ts';
import { connectedAgent, type EstateAgent } from './agent.ts';
import { makeCertificates } from './certificates.ts';
import { type MovedClock, movedClock } from './clock.ts';
import { type EstateHost, estateHost } from './host.ts';
import { type Happening, pastDays, pastOf } from './past.ts';
import { planEstate } from './plan.ts';
import { sheetOf } from './sheet.ts';
import { machines } from './words.ts';

/** The case study's estate, told to a real collector that serves it. */
export interface PlayedEstate {
  /** http://127.0.0.1:PORT/ */
  webAddress: string;
  /** The agents disconnect, and the collector closes. */
  close: () => Promise<void>;
}

const collectorProgram = fileURLToPath(new URL('../../collector/main.ts', import.meta.url));

/**
 * Plays four weeks of the estate, with real certificates, the agents' own policies and report stage, and the collector's own commands, on
 * a clock that is set back for it. Then the clock is right again, and everybody looks once more.
 */
export async function playCaseStudy(sandbox: Sandbox, narrator: Narrator, seed: number): Promise<PlayedEstate> {
  const now = Date.now();
  const clock = movedClock();
  const { places, ders } = await narrator.during(
    'making certificates',
    () => makeCertificates(planEstate(seed, now), now - pastDays * day),
    (made) => `${made.ders.size} certificates made, those of renewals in the past ${pastDays} days among them`,
  );
  const hosts = machines.map((machine) =>
    estateHost(
      machine,
      places.filter((place) => place.machine === machine),
    ),
  );
  clock.set(now - pastDays * day);
  const { collector, configFile } = await openCollector(sandbox, clock);
  const agents: EstateAgent[] = [];
  const close = async () => {
    for (const agent of agents) agent.stop();
    await collector.close();
  };
  try {
    const joins = await tokens(sandbox, configFile, hosts.length, formatAuthority(collector.agentAddress));
    const told = new Map<EstateHost, EstateAgent>();
    for (const [index, host] of hosts.entries()) {
      const invitation = joins[index];
      if (!invitation) throw new Error('too few tokens');
      const agent = await connectedAgent(
        host.machine.name,
        { join: invitation, localAddress: `127.0.1.${index + 1}` },
        clock,
        ders,
      );
      agents.push(agent);
      told.set(host, agent);
    }
    await narrator.during(
      `${hosts.length} agents tell four weeks`,
      () => play(told, pastOf(seed, places, now), clock),
      (count) => `${hosts.length} agents told ${count} looks and what happened between them`,
    );
    clock.release();
    const webAddress = `http://${formatAuthority(collector.webAddress)}/`;
    await lookAgain(told, clock, webAddress);
    const sheet = join(sandbox.directory, 'certificates.csv');
    writeFileSync(sheet, sheetOf(places));
    const imported = await run(sandbox, ['import', sheet, '--yes', '--config', configFile]);
    await until('the serving collector has the sheet', async () => (await readEstate(webAddress)).listed.length > 0);
    narrator.fact(imported.trim().split('\n').at(-1) ?? '');
    return { webAddress, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openCollector(sandbox: Sandbox, clock: MovedClock) {
  const folder = sandbox.folder('collector');
  const configFile = join(folder, 'collector.toml');
  const settings = {
    data_directory: join(folder, 'data'),
    agent_listen: '127.0.0.1:0',
    web_listen: '127.0.0.1:0',
    heartbeat_seconds: 5,
  };
  writeFileSync(
    configFile,
    Object.entries(settings)
      .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
      .join(''),
  );
  const loaded = loadConfig({ file: configFile, dataDirectory: undefined }, { env: {}, home: folder, isRoot: false });
  if (!loaded.ok) throw new Error(loaded.failure.join('\n'));
  return { configFile, collector: await startCollector(loaded.value, { clock, log: silentLog }) };
}

async function play(told: ReadonlyMap<EstateHost, EstateAgent>, past: readonly Happening[], clock: MovedClock) {
  const hostOf = new Map([...told.keys()].flatMap((host) => host.places.map((place) => [place, host] as const)));
  await tellAll(told, clock);
  for (const { at, place, standing, isYoung, events } of past) {
    const host = hostOf.get(place);
    const agent = host && told.get(host);
    if (!agent) throw new Error(`${place.names[0]} is on no host`);
    clock.set(at);
    if (standing) host.standing.set(place, standing);
    const hidden = ({ code }: Finding) => isYoung && code === 'not-served';
    await agent.tell(host.look(clock.now(), hidden), events);
  }
  return past.length + told.size;
}

/** Nothing happened meanwhile: the look alone is told, and is there once the API says so. */
async function lookAgain(told: ReadonlyMap<EstateHost, EstateAgent>, clock: MovedClock, webAddress: string) {
  const at = clock.now();
  for (const [{ look }, agent] of told) await agent.tell(look(at), []);
  await until('all hosts are seen as they are now', async () => {
    const { hosts } = await readEstate(webAddress);
    return hosts.every(({ observedAt }) => observedAt !== undefined && Date.parse(observedAt) >= at - 1);
  });
}

async function tellAll(told: ReadonlyMap<EstateHost, EstateAgent>, clock: MovedClock): Promise<void> {
  for (const [{ machine, look }, agent] of told) {
    const at = new Date(clock.now()).toISOString();
    const subject = { kind: 'host' as const, id: machine.name };
    const started = { at, kind: 'agent-started' as const, subject, ok: true, summary: 'agent 0.1.0 started' };
    await agent.tell(look(clock.now()), [{ ...started, detail: {}, steps: [] }]);
  }
}

async function tokens(sandbox: Sandbox, configFile: string, count: number, authority: string): Promise<Join[]> {
  const argv = ['token', 'create', '--count', String(count), '--url', authority, '--config', configFile];
  const printed = await run(sandbox, argv);
  return [...printed.matchAll(/certherd:\/\/\S+/g)].map(([text]) => {
    const read = parseJoin(text);
    if (!read.ok) throw new Error(read.failure);
    return read.value;
  });
}

/** One of the collector's commands, as a person would type it beside the serving collector. */
async function run(sandbox: Sandbox, argv: readonly string[]): Promise<string> {
  const ran = await sandbox.run(process.execPath, [collectorProgram, ...argv], { env: environment(sandbox) });
  if (ran.exit !== 0)
    throw new Error(`certherd-collector ${argv[0]} ended with ${ran.exit}: ${ran.stderr}${ran.stdout}`);
  return ran.stdout;
}
