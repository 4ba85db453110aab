import { writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Certbot } from '../../test/helpers/testbed/certbot.ts';
import { type Child, environmentOfSources, plainEnvironment } from '../../test/helpers/testbed/children.ts';
import type { Nginx } from '../../test/helpers/testbed/nginx.ts';
import type { Pebble } from '../../test/helpers/testbed/pebble.ts';
import type { Sandbox } from '../../test/helpers/testbed/sandbox.ts';
import { until } from '../../test/helpers/testbed/until.ts';

const top = fileURLToPath(new URL('../..', import.meta.url));

export interface Collector {
  /** Where the page and the API are: http://127.0.0.1:PORT/ */
  webAddress: string;
  logFile: string;
  /** Starts it again on the same ports and the same data. */
  start: () => Promise<void>;
  /** SIGKILL, as a crash would. Returns when it is gone. */
  kill: () => Promise<void>;
  /** `token create`: one join string. */
  join: () => Promise<string>;
  /** `certherd-collector ARGS --config …`; rejects when it does not end with 0. Returns what it printed. */
  command: (args: string[]) => Promise<string>;
}

/** A collector of our own on free ports of 127.0.0.1, with its SQLite file in the sandbox. Not started yet. `more`: further lines of its settings. */
export async function prepareCollector(sandbox: Sandbox, heartbeatSeconds = 2, more = ''): Promise<Collector> {
  const folder = sandbox.folder('collector');
  const configFile = join(folder, 'collector.toml');
  const logFile = join(folder, 'collector.log');
  const agentAddress = `127.0.0.1:${await sandbox.port()}`;
  const webListen = `127.0.0.1:${await sandbox.port()}`;
  writeFileSync(
    configFile,
    toml({
      data_directory: join(folder, 'data'),
      agent_listen: agentAddress,
      web_listen: webListen,
      public_address: agentAddress,
      heartbeat_seconds: heartbeatSeconds,
    }) + more,
  );
  const program = join(top, 'collector', 'main.ts');
  const env = environment(sandbox);
  let child: Child | undefined;
  const command = async (args: string[]) => {
    const ran = await sandbox.run(process.execPath, [program, ...args, '--config', configFile], { env });
    if (ran.exit !== 0) throw new Error(`${args.slice(0, 2).join(' ')} failed: ${ran.stderr}`);
    return ran.stdout;
  };
  return {
    webAddress: `http://${webListen}/`,
    logFile,
    async start() {
      const started = sandbox.start(process.execPath, [program, 'serve', '--config', configFile], logFile, { env });
      child = started;
      await until('the collector answers', async () => (await fetch(`http://${webListen}/healthz`)).ok, {
        hopeless: () => (started.running() ? undefined : `it ended: ${started.output()}`),
      });
    },
    async kill() {
      child?.signal('SIGKILL');
      await child?.exited;
    },
    async join() {
      const word = /certherd:\/\/\S+/.exec(await command(['token', 'create']))?.[0];
      if (word === undefined) throw new Error('token create printed no join string');
      return word;
    },
    command,
  };
}

/** Writes the agent's config, enrols it with a join string, and starts it. */
export async function startAgent(
  sandbox: Sandbox,
  parts: { nginx: Nginx; certbot: Certbot; pebble: Pebble; roots: string[]; join: string },
): Promise<Child> {
  const { nginx, certbot, pebble } = parts;
  const folder = sandbox.folder('agent');
  const configFile = join(folder, 'agent.toml');
  const rootsFile = join(folder, 'roots.pem');
  writeFileSync(rootsFile, parts.roots.join('\n'));
  writeFileSync(
    configFile,
    [
      toml({ host_name: 'web-1', state_directory: join(folder, 'state'), mode: 'renew', rescan_seconds: 3 }),
      // Whoever watches the page is to see the incident itself, not only that it was healed.
      toml({ finding_delay_seconds: 0 }),
      `extra_roots = [${JSON.stringify(rootsFile)}]`,
      '[certbot]',
      toml({
        binary: certbot.binary,
        config_directory: certbot.configDirectory,
        work_directory: certbot.workDirectory,
        logs_directory: certbot.logsDirectory,
        ca_bundle: pebble.caFile,
      }),
      '[nginx]',
      toml({ binary: nginx.binary, config: nginx.configFile, prefix: nginx.prefix, error_log: nginx.errorLog }),
    ].join('\n'),
  );
  const program = join(top, 'agent', 'main.ts');
  const env = environment(sandbox);
  const enrolled = await sandbox.run(process.execPath, [program, 'enroll', parts.join, '--config', configFile], {
    env,
  });
  if (enrolled.exit !== 0) throw new Error(`enroll failed: ${enrolled.stderr}`);
  return sandbox.start(process.execPath, [program, 'run', '--config', configFile], join(folder, 'agent.log'), { env });
}

/** What a person at this machine has: our programs in PATH, and nothing of ours besides. */
export function environment(sandbox: Sandbox): Record<string, string> {
  const measuring = process.env['NODE_V8_COVERAGE'];
  const path = [dirname(process.execPath), join(top, 'node_modules', '.bin'), plainEnvironment['PATH']];
  return {
    ...environmentOfSources(),
    PATH: path.join(delimiter),
    HOME: sandbox.directory,
    ...(measuring === undefined ? {} : { NODE_V8_COVERAGE: measuring }),
  };
}

/** Strings and numbers only; JSON's strings are TOML's basic strings. */
function toml(table: Record<string, string | number>): string {
  return Object.entries(table)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    .join('');
}
