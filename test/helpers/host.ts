import fs from 'node:fs';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { type AcmeAnswer, type AcmeFront, startAcmeFront } from './testbed/acme-front.ts';
import { type Certbot, certbot } from './testbed/certbot.ts';
import { type Child, environmentOfSources, type Ran } from './testbed/children.ts';
import { handshake } from './testbed/handshake.ts';
import { type Nginx, site, startNginx } from './testbed/nginx.ts';
import { type Pebble, startPebble } from './testbed/pebble.ts';
import { openSandbox, type Sandbox } from './testbed/sandbox.ts';
import { until } from './testbed/until.ts';

/** A host with a real nginx, certbot and ACME CA, one site on it, and the agent's command line. */
export interface TestHost {
  sandbox: Sandbox;
  nginx: Nginx;
  certbot: Certbot;
  /** With the front's directory: the lineages are issued through it. */
  pebble: Pebble;
  /** Before pebble: each order has its challenge. */
  front: AcmeFront;
  httpPort: number;
  tlsPort: number;
  configFile: string;
  /** Writes agent.toml anew with this mode, and further tables behind it. */
  setMode(mode: 'observe' | 'deploy' | 'renew', tables?: string): void;
  /** Runs `certherd-agent ARGS --config …`, with a line for its standard input where one is given. */
  agent(args: string[]): Promise<Ran>;
  /** Starts `certherd-agent run`. */
  daemon(): Child;
}

export const shopName = 'shop.example.test';
const program = path.resolve(import.meta.dirname, '../../agent/main.ts');

/**
 * Findings are told at once unless `findingDelaySeconds` says otherwise. The agent runs from its sources unless `binary` names a single
 * binary. Starts it all, with the lineage `shop` issued (ECDSA) and served for
 * `shopName`.
 */
export async function startHost(
  t: Pick<ExecutionContext, 'teardown'>,
  options: {
    validitySeconds?: number;
    findingDelaySeconds?: number;
    acmeAnswer?: AcmeAnswer;
    binary?: string;
    rescanSeconds?: number;
  } = {},
): Promise<TestHost> {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const httpPort = await sandbox.port();
  const tlsPort = await sandbox.port();
  const [nginx, behind] = await Promise.all([
    startNginx(sandbox, { httpPort }),
    startPebble(sandbox, { validitySeconds: options.validitySeconds ?? 7200, httpPort }),
  ]);
  const front = await startAcmeFront(sandbox, behind, options.acmeAnswer);
  t.teardown(front.close);
  const close = async () => {
    await front.close();
    await behind.close();
  };
  const pebble = { ...behind, directoryUrl: front.directoryUrl, close };
  const client = certbot(sandbox, pebble);
  const issued = await client.issue('shop', [shopName], { keyType: 'ecdsa', webroot: nginx.webroot });
  if (issued.exit !== 0) throw new Error(`certbot could not issue: ${issued.stderr}`);
  const { certificate, key } = client.lineage('shop');
  nginx.writeSite('shop', site({ serverNames: [shopName], port: tlsPort, pairs: [{ certificate, key }] }));
  await nginx.reloadWhole();

  const leaf = client.lineage('shop').leaf();
  await until('nginx serves the site', async () => (await handshake(tlsPort, shopName, 'ecdsa')).fingerprint === leaf);

  const configFile = path.join(sandbox.directory, 'agent.toml');
  const delay = options.findingDelaySeconds ?? 0;
  const setMode = (mode: string, tables = '') =>
    fs.writeFileSync(
      configFile,
      settings(mode, delay, options.rescanSeconds ?? 60, { sandbox, nginx, client, pebble }) + tables,
    );
  fs.writeFileSync(path.join(sandbox.directory, 'pebble-root.pem'), pebble.rootPem);
  setMode('observe');
  const [run, ...words] = options.binary === undefined ? [process.execPath, program] : [options.binary];
  return {
    sandbox,
    nginx,
    certbot: client,
    pebble,
    front,
    httpPort,
    tlsPort,
    configFile,
    setMode,
    agent: (args) => sandbox.run(run, [...words, ...args, '--config', configFile], { env: environment() }),
    daemon: () =>
      sandbox.start(run, [...words, 'run', '--config', configFile], path.join(sandbox.directory, 'agent.log'), {
        env: environment(),
      }),
  };
}

/** Runs the agent's command line without any host around it. */
export function runAgent(sandbox: Sandbox, args: string[]): Promise<Ran> {
  return sandbox.run(process.execPath, [program, ...args], { env: environment() });
}

function environment(): Record<string, string> {
  const measuring = process.env.NODE_V8_COVERAGE;
  return { ...environmentOfSources(), HOME: '/nonexistent', ...(measuring && { NODE_V8_COVERAGE: measuring }) };
}

function settings(
  mode: string,
  delaySeconds: number,
  rescanSeconds: number,
  { sandbox, nginx, client, pebble }: { sandbox: Sandbox; nginx: Nginx; client: Certbot; pebble: Pebble },
): string {
  return `host_name = "web-1"
state_directory = "${sandbox.directory}/state"
mode = "${mode}"
rescan_seconds = ${rescanSeconds}
finding_delay_seconds = ${delaySeconds}
extra_roots = ["${sandbox.directory}/pebble-root.pem"]
[certbot]
binary = "${client.binary}"
config_directory = "${client.configDirectory}"
work_directory = "${client.workDirectory}"
logs_directory = "${client.logsDirectory}"
ca_bundle = "${pebble.caFile}"
rehearsal_days = 0
challenge_port = ${pebble.httpPort}
name_servers = ["${pebble.dnsServer}"]
renewed_by = "the test"
[nginx]
binary = "${nginx.binary}"
config = "${nginx.configFile}"
prefix = "${nginx.prefix}"
error_log = "${nginx.errorLog}"
`;
}
