import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { defaultConfig } from '../../agent/config.ts';
import { observeFiles } from '../../agent/observe/observe.ts';
import { systemClock } from '../../agent/system/clock.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { keepYoungHeapSmall } from '../../agent/system/young-heap.ts';

// node waits-in-looks.ts NGINX-CONFIG DEPLOYMENTS LOOKS: the longest wait of the event loop in each look, in milliseconds.

const [configFile = '', count, looks] = process.argv.slice(2);
keepYoungHeapSmall();
const directory = dirname(configFile);
const defaults = defaultConfig({ hostName: 'bench', isRoot: true, stateHome: directory });
const certbot = { ...defaults.certbot, configDirectory: join(directory, 'letsencrypt') };
const config = { ...defaults, certbot, nginx: { ...defaults.nginx, config: configFile } };
const ports = { files: systemFiles(), clock: systemClock() };
const waits: string[] = [];
for (let look = 0; look < Number(looks); look += 1) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  // its first tick, so that the first wait counts
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.reset();
  const { deployments } = await observeFiles(ports, config);
  // the last wait shows once the loop turns
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.disable();
  const read = deployments.filter(({ configured }) => configured).length;
  if (read !== Number(count)) throw new Error(`${read} of ${count} were read`);
  waits.push((delay.max / 1e6).toFixed(1));
}
console.log(waits.join(' '));
