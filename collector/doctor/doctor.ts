import { judgeKeeper } from '@certherd/command-line/clock-keeper';
import type { Area } from '@certherd/command-line/diagnose';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseAuthority } from '../authority.ts';
import type { Config } from '../config.ts';
import type { Clock } from '../ports.ts';
import { examinePostgres } from '../store/postgres/examination.ts';
import { type Examination, examineStore } from '../store/sqlite/examination.ts';
import { sqliteFor } from '../store/sqlite/sqlite.ts';
import { observeData } from './gather/disk.ts';
import { observeListener } from './gather/listeners.ts';
import { observeSecrets } from './gather/secrets.ts';
import { observeServing } from './gather/serving.ts';
import { observeAddress, observeClock, observeDescriptors, observeSettings } from './gather/surroundings.ts';
import { measureSync } from './gather/sync-time.ts';
import { observeTls } from './gather/tls-files.ts';
import { judgeData, judgeSync } from './judge/disk.ts';
import { judgeAgents, judgeDatabase } from './judge/database.ts';
import { judgePostgres } from './judge/postgres.ts';
import { judgeDescriptors, judgeListener, judgeServing, judgeTls } from './judge/serving.ts';
import { judgeAddress, judgeSettings } from './judge/settings-file.ts';
import { judgeTelling } from './judge/telling.ts';

/** What the command line found before: the settings, or the defaults where they are wrong. */
export interface Loaded {
  /** The file that was named, if one was. */
  path: string | undefined;
  mistakes: readonly string[];
  config: Config;
  /** --config and --data as they were given. */
  options: readonly string[];
}

/** SQLite checks some 500 MB in a second; what is larger still is left to it. */
const checkMs = 60_000;

/** The parts of the collector's installation, in the order in which they are told. */
export function collectorAreas(loaded: Loaded, clock: Clock, own: { version: string; pid: number }): Area[] {
  const { config } = loaded;
  const { dataDirectory } = config;
  // once for the process: two copies of SQLite would not see each other's locks
  const sqlite = sqliteFor(dataDirectory);
  const serving = observeServing(config, { version: own.version, options: loaded.options }, sqlite);
  const servingPid = typeof serving.by === 'number' ? serving.by : undefined;
  const isServed = serving.by !== 'nobody';
  const { store: url, storePasswordFile } = config;
  const hasData = url !== undefined || existsSync(join(dataDirectory, 'certherd.db'));
  const shared = url === undefined ? undefined : once(() => examinePostgres({ url, passwordFile: storePasswordFile }));
  const examined = once(() => examineStore(dataDirectory, { isServed, clock, budgetMs: checkMs }, sqlite));
  const tls = once(() => observeTls(dataDirectory, clock.now()));
  const examination = async (): Promise<Partial<Pick<Examination, 'agents' | 'agentAddress' | 'channels'>>> => {
    if (shared) {
      const result = await shared();
      return result.ok ? result.value : {};
    }
    const result = await examined();
    return result.ok && result.value !== 'absent' ? result.value : {};
  };
  return [
    { name: 'settings', diagnose: () => judgeSettings(observeSettings(loaded.path, loaded.mistakes)) },
    { name: 'serving', diagnose: () => judgeServing(serving, hasData) },
    {
      name: 'data',
      diagnose: () => [
        ...judgeData(observeData(dataDirectory, serving.ownUid, servingPid)),
        ...judgeSync(dataDirectory, existsSync(dataDirectory) ? measureSync(dataDirectory, clock, own.pid) : undefined),
      ],
    },
    {
      name: 'database',
      diagnose: async () => (shared ? judgePostgres(await shared()) : judgeDatabase(await examined(), dataDirectory)),
      deadlineMs: 2 * checkMs,
    },
    { name: 'tls', diagnose: async () => judgeTls(await tls(), serving, clock.now()) },
    {
      name: 'ports',
      diagnose: async () => {
        const { found } = await tls();
        const { agentAddress } = config.agentListen.port === 0 && isServed ? await examination() : {};
        const agents = (agentAddress !== undefined && parseAuthority(agentAddress)) || config.agentListen;
        const [ofAgents, ofWeb] = await Promise.all([
          observeListener('agent_listen', agents, { isServed, isSecure: true }),
          observeListener('web_listen', config.webListen, { isServed, isSecure: config.web.tls !== undefined }),
        ]);
        const pin = typeof found === 'object' && 'pin' in found ? found.pin : undefined;
        return [judgeListener(ofAgents, serving, pin), judgeListener(ofWeb, serving)];
      },
      deadlineMs: 2 * checkMs,
    },
    { name: 'address', diagnose: async () => judgeAddress(await observeAddress(config, clock)) },
    {
      name: 'agents',
      diagnose: async () => {
        const { agents } = await examination();
        const times = { silentAfterMs: config.silentAfterSeconds * 1000, now: clock.now() };
        return agents === undefined ? [] : judgeAgents(agents, serving, times);
      },
      deadlineMs: 2 * checkMs,
    },
    {
      name: 'telling',
      diagnose: async () => {
        const { channels = [] } = await examination();
        return judgeTelling(await observeSecrets(config.notify), channels, clock.now());
      },
      deadlineMs: 2 * checkMs,
    },
    {
      name: 'clock',
      diagnose: () => [
        judgeKeeper(observeClock(), 'When hosts are silent, and certificates end, is told by this clock.'),
      ],
    },
    {
      name: 'limits',
      diagnose: async () => {
        const { agents = [] } = await examination();
        return [judgeDescriptors(observeDescriptors(servingPid ?? own.pid), agents.length, serving.unit)];
      },
      deadlineMs: 2 * checkMs,
    },
  ];
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
