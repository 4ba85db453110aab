import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Deployment } from '@certherd/protocol/snapshot';
import test from 'ava';
import { observeNginx } from '../../../agent/observe/nginx-servers.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { askNginx, configDirectory, nginxVersion, versionNumber } from './real-nginx.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/nginx/versions');

/** Where the modules of the nginx under test are: stream is one of its own in Debian. */
const modules = process.env.CERTHERD_TEST_NGINX_MODULES ?? '/usr/lib/nginx/modules';

for (const name of readdirSync(fixtures)) {
  const text = readFileSync(join(fixtures, name), 'utf8');
  const expected = readHeader(text);
  const known = isKnown(expected);
  test(`the agent reads versions/${name} as ${known ? 'this nginx does' : 'another nginx does'}`, (t) => {
    const module = join(modules, `ngx_${expected.module}_module.so`);
    const load = known && expected.module ? `load_module ${module}; ` : '';
    // on the first line, so that the others keep their numbers
    const directory = configDirectory(t, { 'nginx.conf': text.replace(/^.*/, load) });
    const { server, deployments } = observeNginx(systemFiles(), join(directory, 'nginx.conf'));
    t.is(server.failure?.detail.replaceAll(`${directory}/`, ''), expected.refusal);
    if (expected.refusal === undefined)
      t.deepEqual(
        deployments.map((deployment) => outline(deployment, directory)),
        expected.deploys,
      );
    if (!known) return;
    const verdict = askNginx(directory);
    t.is(verdict.complaint?.replaceAll(`${directory}/`, ''), expected.refusal);
    t.is(verdict.accepted, expected.refusal === undefined);
  });
}

interface Expected {
  since: number;
  before: number;
  module?: string;
  refusal?: string;
  /** "NAMES LISTENERS CERTIFICATE [FAILURE]" */
  deploys: string[];
}

/** The comments at the beginning say which nginx accepts the file, or with which words it refuses it. */
function readHeader(text: string): Expected {
  const [, verdict, since, before, module, reason] =
    /^# (accepted|refused)(?: since ([\d.]+))?(?: before ([\d.]+))?(?: with module (\w+))?[^:\n]*(?:: (.*))?\n/.exec(
      text,
    ) ?? [];
  if (verdict === undefined) throw new Error('the first line says "accepted" or "refused: …"');
  return {
    since: versionNumber(since),
    before: before === undefined ? Infinity : versionNumber(before),
    deploys: [...text.matchAll(/^# deploys: (.*)$/gm)].map(([, line = '']) => line),
    ...(module !== undefined && { module }),
    ...(verdict === 'refused' && reason !== undefined && { refusal: reason }),
  };
}

/** Is the nginx under test one that the file speaks of? */
function isKnown({ since, before, module }: Expected): boolean {
  const version = nginxVersion();
  const loaded = module === undefined || existsSync(join(modules, `ngx_${module}_module.so`));
  return version >= since && version < before && loaded;
}

function outline({ serverNames, listeners, certificatePath, failure }: Deployment, directory: string): string {
  const places = listeners.map(({ address, port }) => `${address}:${port}`).join(',') || 'nowhere';
  const path = certificatePath.replace(`${directory}/`, '');
  return [serverNames.join(','), places, path, ...(failure ? [failure.reason] : [])].join(' ');
}
