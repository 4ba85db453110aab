import { readBundle } from '../../agent/formats/bundle.ts';
import { observeApache } from '../../agent/observe/apache/apache-server.ts';
import { observeHaproxy } from '../../agent/observe/haproxy/haproxy-server.ts';
import { observeNginx } from '../../agent/observe/nginx-servers.ts';
import { readingBudget } from '../../agent/observe/reading-budget.ts';
import { systemClock } from '../../agent/system/clock.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { hostileConfigs, writeHostileConfig } from '../../test/helpers/hostile-configs.ts';
import { hostileInputs } from '../../test/helpers/hostile-input.ts';
import { openSandbox } from '../../test/helpers/testbed/sandbox.ts';
import type { Bench, Goal } from './goal.ts';

const observe = { nginx: observeNginx, apache: observeApache, haproxy: observeHaproxy };

const mebibyte = 1024 * 1024;
const certificateFiles: Record<string, string> = {
  'a mebibyte of BEGIN lines': '-----BEGIN CERTIFICATE-----\n',
  'a mebibyte of empty certificates': '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
  'a mebibyte of dashes': '-----',
};

/** Configs and files that were made to hold the agent up: the time that each may take, its reading budget included, is 2 s. */
export const hostileInput: Bench = async (progress) => {
  const sandbox = openSandbox();
  try {
    const clock = systemClock();
    const files = systemFiles();
    const goals: Goal[] = [];
    const timed = async (what: string, work: () => string | Promise<string>) => {
      const began = performance.now();
      const note = await work();
      const ours = performance.now() - began;
      progress(`hostile-input: ${what}: ${Math.round(ours)} ms`);
      goals.push({
        what,
        unit: 'ms',
        ours,
        baseline: { what: 'may take', value: 2000 },
        goal: { of: 'ours', below: 2000 },
        note,
      });
    };
    for (const config of hostileConfigs()) {
      const main = writeHostileConfig(config, sandbox.directory);
      await timed(`${config.server}, ${config.title}`, () => {
        const { server, deployments } = observe[config.server](files, main, readingBudget(clock));
        return `${server.failure?.reason ?? 'read whole'}, ${deployments.length} deployments`;
      });
    }
    for (const [title, piece] of Object.entries(certificateFiles)) {
      const bytes = Buffer.from(piece.repeat(mebibyte / piece.length));
      await timed(`certificate file, ${title}`, () => readBundle(bytes).failure?.reason ?? 'read whole');
    }
    for (const { title, read } of await hostileInputs(sandbox.directory)) await timed(title, read);
    return goals;
  } finally {
    await sandbox.close();
  }
};
