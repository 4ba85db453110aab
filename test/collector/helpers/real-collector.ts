import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, cpSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Join } from '@certherd/protocol/join';
import type { ExecutionContext } from 'ava';
import { type Collector, startCollector } from '../../../collector/app.ts';
import { formatAuthority } from '../../../collector/authority.ts';
import type { Config } from '../../../collector/config.ts';
import { noTransparency } from '../../../collector/config-transparency.ts';
import { noNotifying } from '../../../collector/notify/settings.ts';
import type { Clock } from '../../../collector/ports.ts';
import { hashToken } from '../../../collector/receive/authenticate.ts';
import { loadTlsIdentity } from '../../../collector/receive/tls-identity.ts';
import type { Estate } from '../../../collector/serve/estate.ts';
import { pageFile } from '../../../collector/serve/page-files.ts';
import { openStore } from '../../../collector/store/open.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { until } from '../../helpers/testbed/until.ts';
import { freshToken } from './wire-agent.ts';

/** A directory that is removed after the test. */
export function temporaryDirectory(t: ExecutionContext): string {
  const path = mkdtempSync(join(quickDisk(), 'certherd-collector-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const memory = '/dev/shm';
const roomBytes = 2 ** 30;

/** In memory where there is room: each commit of a few hundred databases waits for the disk otherwise. */
function quickDisk(): string {
  try {
    const { bavail, bsize } = statfsSync(memory);
    accessSync(memory, constants.W_OK);
    return bavail * bsize > roomBytes ? memory : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** Nobody signs in before there is a user. */
export const plainWeb: Config['web'] = {
  names: [],
  tls: undefined,
  proxies: [],
  signIn: false,
  anonymous: 'nothing',
  userHeader: undefined,
  oidc: undefined,
};

export function testConfig(dataDirectory: string, change: Partial<Config> = {}): Config {
  return {
    dataDirectory,
    store: undefined,
    storePasswordFile: undefined,
    agentListen: { host: '127.0.0.1', port: 0 },
    webListen: { host: '127.0.0.1', port: 0 },
    web: plainWeb,
    publicAddress: undefined,
    publicTrust: 'own-key',
    agentProxies: [],
    knownIssuers: undefined,
    heartbeatSeconds: 1,
    silentAfterSeconds: 60,
    historyDays: 730,
    historyMegabytes: undefined,
    scanAllow: [],
    scanNameServers: [],
    scanRoots: [],
    logLevel: 'error',
    logFormat: 'auto',
    notify: noNotifying,
    transparency: noTransparency,
    ...change,
  };
}

export interface TestCollector extends Collector {
  directory: string;
  url: string;
  /** A fresh join string's content; lives for an hour unless told. */
  join(lifeMs?: number): Promise<Join>;
  estate(): Promise<Estate>;
}

/** A whole collector in this process: real sockets, real SQLite, a page of one line. */
export async function startTestCollector(
  t: ExecutionContext,
  change: Partial<Config> = {},
  clock: Clock = systemClock,
): Promise<TestCollector> {
  const directory = change.dataDirectory ?? temporaryDirectory(t);
  await shareIdentity(directory);
  const page = async () => new Map([['/', pageFile('text/html; charset=utf-8', Buffer.from('<p>page</p>'))]]);
  const collector = await startCollector(testConfig(directory, change), { clock, log: silentLog }, page);
  t.teardown(collector.close);
  const url = `http://${formatAuthority(collector.webAddress)}`;
  return {
    ...collector,
    directory,
    url,
    join: (lifeMs = 3_600_000) =>
      addToken(directory, formatAuthority(collector.agentAddress), lifeMs, clock.now(), change.store),
    estate: () => readEstate(url),
  };
}

let identity: Promise<string> | undefined;

/** The collectors of one test file share one, as those that serve one fleet may. */
async function shareIdentity(directory: string): Promise<void> {
  identity ??= (async () => {
    const made = mkdtempSync(join(tmpdir(), 'certherd-identity-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    await loadTlsIdentity(made, Date.now());
    return made;
  })();
  cpSync(join(await identity, 'tls'), join(directory, 'tls'), { recursive: true });
}

/** As `token create` does, beside the serving collector. */
export async function addToken(
  directory: string,
  authority: string,
  lifeMs: number,
  now: number,
  store?: string,
): Promise<Join> {
  const identity = await loadTlsIdentity(directory, now);
  const place = { dataDirectory: directory, store, storePasswordFile: undefined };
  const opened = await openStore(place, { clock: systemClock, log: silentLog });
  if (!identity.ok) throw new Error(identity.failure);
  if (!opened.ok) throw new Error(`the store cannot be opened: ${JSON.stringify(opened.failure)}`);
  const token = freshToken();
  await opened.value.addToken(hashToken(token), now, now + lifeMs);
  await opened.value.close();
  return { authority, pin: identity.value.pin, token };
}

/** What the API says. */
export async function readEstate(url: string): Promise<Estate> {
  const estate: Estate = await (await fetch(new URL('/api/v1/estate', url))).json();
  return estate;
}

export interface ChildCollector {
  process: ChildProcess;
  agents: string;
  web: string;
  /** Lines of standard error so far. */
  complaints: string[];
  ended: Promise<number | null>;
}

/** The executable's own `serve` in a process of its own, once both lines were printed. */
export async function spawnCollector(t: ExecutionContext, args: readonly string[]): Promise<ChildCollector> {
  const child = runCollector(['serve', ...args]);
  t.teardown(() => child.process.kill('SIGKILL'));
  const found = await until(
    'the collector serves',
    () => {
      const agents = child.lines.find((line) => line.startsWith('agents: '))?.slice(8);
      const web = child.lines.find((line) => line.startsWith('web: '))?.slice(5);
      return agents && web ? { agents, web } : undefined;
    },
    { hopeless: () => (child.process.exitCode === null ? undefined : child.complaints.join('\n')) },
  );
  return { ...child, ...found };
}

/** Runs the executable with any arguments; `typed` is its standard input. */
export function runCollector(args: readonly string[], env: Record<string, string> = {}, typed?: string) {
  const main = join(import.meta.dirname, '../../../collector/main.ts');
  const process_ = spawn(process.execPath, [main, ...args], {
    stdio: [typed === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
  process_.stdin?.end(typed);
  const lines: string[] = [];
  const complaints: string[] = [];
  if (!process_.stdout || !process_.stderr) throw new Error('no pipes');
  createInterface({ input: process_.stdout }).on('line', (line) => lines.push(line));
  createInterface({ input: process_.stderr }).on('line', (line) => complaints.push(line));
  const ended = once(process_, 'close').then(() => process_.exitCode);
  return { process: process_, lines, complaints, ended };
}
