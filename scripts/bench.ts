import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { endpoints } from './bench/endpoints.ts';
import { fleet } from './bench/fleet.ts';
import { fleetDrift } from './bench/fleet-drift.ts';
import { footprint } from './bench/footprint.ts';
import { history } from './bench/history.ts';
import { hostileInput } from './bench/hostile-input.ts';
import { incident } from './bench/incident.ts';
import { ingest } from './bench/ingest.ts';
import { metrics } from './bench/metrics.ts';
import { nginxConfig } from './bench/nginx-config.ts';
import { page } from './bench/page.ts';
import { pemFiles } from './bench/pem-files.ts';
import { renew } from './bench/renew.ts';
import { scan } from './bench/scan.ts';
import { store } from './bench/store.ts';
import { watching } from './bench/watching.ts';
import type { Bench } from './bench/goal.ts';
import { goalLine } from './bench/goal.ts';

// npm run bench [-- NAME … --whole]: the machine, the versions, then a line per goal. Exit 0 also when short of a goal.
// --whole: at full size, where a bench has one that takes minutes.

const benches: Record<string, Bench> = {
  incident,
  renew,
  'nginx-config': nginxConfig,
  'pem-files': pemFiles,
  endpoints,
  scan,
  watching,
  footprint,
  fleet,
  page,
  'fleet-drift': fleetDrift,
  metrics,
  'hostile-input': hostileInput,
  ingest,
  store,
  history,
};

const words = process.argv.slice(2);
const whole = words.includes('--whole');
const names = words.filter((word) => word !== '--whole');
const unknown = names.find((name) => !Object.hasOwn(benches, name));
if (unknown !== undefined || names.some((name) => name.startsWith('-'))) {
  console.error(`bench: ${unknown ?? names[0]} is not there; known are: ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}

const [processor] = cpus();
console.log(
  `machine: ${processor?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}`,
);
console.log(`versions: node ${process.versions.node}, ${version('nginx', '-v')}, ${version('certbot', '--version')}\n`);
for (const [name, bench] of Object.entries(benches)) {
  if (names.length > 0 && !names.includes(name)) continue;
  for await (const goal of await bench((text) => process.stderr.write(`${text}\n`), whole))
    console.log(goalLine(name, goal));
}

/** What a program says of itself, on stdout or stderr. */
function version(program: string, flag: string): string {
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin`;
  const { stdout, stderr } = spawnSync(program, [flag], { encoding: 'utf8', env: { ...process.env, PATH: path } });
  return `${stdout ?? ''}${stderr ?? ''}`.trim() || `${program} (version unknown)`;
}
