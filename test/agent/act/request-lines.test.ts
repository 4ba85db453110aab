import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { Request } from '../../../agent/decide/action.ts';
import { checkedJson } from '../../../agent/formats/checked-json.ts';
import { hostileLines } from '../../helpers/hostile-requests.ts';
import { testDirectory } from '../../helpers/directory.ts';

const program = path.resolve(import.meta.dirname, '../../../agent/main.ts');
const servers = ['nginx', 'apache', 'haproxy'];

test('of 10,000 hostile lines only the closed list is taken, and no name that is an option or a path', (t) => {
  let taken = 0;
  for (const line of hostileLines(10_000, 4)) {
    const request = checkedJson(line, Request);
    if (!request) continue;
    taken += 1;
    if (request.verb === 'reload') {
      if (!servers.includes(request.server)) t.fail(line);
    } else {
      const { lineage } = request;
      const isArgument =
        !/^-|\//.test(lineage) && Buffer.from(lineage).every((byte) => byte >= 32) && lineage.length <= 255;
      if (!isArgument || ['', '.', '..'].includes(lineage)) t.fail(line);
    }
    t.deepEqual(Object.keys(request).sort(), ['verb', request.verb === 'reload' ? 'server' : 'lineage'].sort());
  }
  t.true(taken > 20, `${taken} lines were requests`);
});

test('act itself answers hostile lines with one refusal each, and runs nothing', async (t) => {
  const state = testDirectory(t);
  const config = path.join(state, 'agent.toml');
  const settings = {
    certbot: ['binary', 'config_directory', 'work_directory', 'logs_directory'],
    nginx: ['binary', 'config'],
    apache: ['binary', 'config'],
    haproxy: ['binary', 'config', 'pid_file'],
  };
  // Nothing of the machine itself may be what a line names.
  const tables = Object.entries(settings).map(
    ([table, names]) => `[${table}]\n${names.map((name) => `${name} = "${state}/never/${name}"\n`).join('')}`,
  );
  fs.writeFileSync(config, `state_directory = "${state}/state"\nmode = "renew"\n${tables.join('')}`);
  const lines = [
    ...hostileLines(16, 5),
    '{"verb":"renew","lineage":"shop"}x'.padEnd(3_000_000, ' '),
    '\u0000'.repeat(20_000),
    '{"verb":"renew","lineage":"shop","verb":"exec"}',
    '{"verb":"renew","lineage":"not-here"}',
  ];
  const one = async (): Promise<void> => {
    for (let line = lines.pop(); line !== undefined; line = lines.pop()) {
      const { exit, stdout } = await actOn(config, line);
      const request = checkedJson(line.split('\n')[0] ?? '', Request);
      if (!request) t.deepEqual([exit, stdout], [64, ''], line.slice(0, 200));
      else
        t.regex(
          stdout,
          /"outcome":\{"verb":"\w+","reason":"(?:not-found|program-absent|preflight-failed|reload-failed)"/,
        );
    }
  };
  await Promise.all([one(), one()]);
  t.false(fs.existsSync(`${state}/never`));
});

async function actOn(config: string, line: string): Promise<{ exit: number | null; stdout: string }> {
  const child = spawn(process.execPath, [program, 'act', '--config', config], { stdio: ['pipe', 'pipe', 'ignore'] });
  let stdout = '';
  child.stdout.on('data', (part) => {
    stdout += String(part);
  });
  child.stdin.on('error', () => {});
  child.stdin.end(`${line}\n`);
  const exit = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { exit, stdout };
}
