import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { startHost, type TestHost } from '../helpers/host.ts';
import { until } from '../helpers/testbed/until.ts';

const program = path.resolve(import.meta.dirname, '../../agent/main.ts');
interface Outcome {
  verb: string;
  reason: string;
  detail: string;
  retryAt?: number;
  steps: { step: string; ok: boolean; detail?: string }[];
}

/** One renewal in a process of its own; `seen` is called with each line that it prints. */
async function renew(host: TestHost, seen: (line: string, kill: () => void) => void = () => {}) {
  const child = spawn(process.execPath, [program, 'act', '--config', host.configFile], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.on('data', (part) => {
    text += String(part);
    seen(text, () => child.kill('SIGKILL'));
  });
  child.stdin.end('{"verb":"renew","lineage":"shop"}\n');
  await new Promise((resolve) => child.once('close', resolve));
  const last = text.trim().split('\n').at(-1) ?? '';
  return last.includes('"outcome"') ? (JSON.parse(last) as { outcome: Outcome }).outcome : undefined;
}

test('act keeps its own account of renewals: killed ones count, the cap holds for everybody, and damage opens no door', async (t) => {
  const host = await startHost(t, { validitySeconds: 90 * 86_400 });
  host.setMode('renew');
  const ledgerFile = `${host.sandbox.directory}/state/renewals.json`;
  const ledger = () =>
    JSON.parse(fs.readFileSync(ledgerFile, 'utf8')) as { tries: { at: number; reason: string; names: string[] }[] };
  const reasons = () => ledger().tries.map(({ reason }) => reason);
  const leaf = () => host.certbot.lineage('shop').leaf();

  // Killed the moment it says that certbot begins.
  t.is(
    await renew(host, (text, kill) => {
      if (text.includes('certbot renew …')) kill();
    }),
    undefined,
  );
  t.deepEqual(reasons(), ['internal'], 'on disk before certbot began');
  t.deepEqual(ledger().tries[0]?.names, ['shop.example.test']);
  t.is(fs.statSync(ledgerFile).mode & 0o777, 0o600);
  for (let count = 0; count < 3; count++) {
    // What certbot was about to do it may still be doing: then its lock is held, which counts for nothing.
    const done = await until('it is done', async () => {
      const outcome = await renew(host);
      return outcome?.reason !== 'busy' && outcome;
    });
    t.is(done.reason, 'done', done.detail);
  }
  t.deepEqual(reasons(), ['internal', 'done', 'done', 'done']);

  const full = { leaf: leaf(), ledger: fs.readFileSync(ledgerFile, 'utf8') };
  const capped = await renew(host);
  t.is(capped?.reason, 'capped');
  t.is(capped?.retryAt, (ledger().tries[0]?.at ?? 0) + 7 * 86_400_000);
  t.regex(capped?.detail ?? '', /4 certificates for the names of shop in 7 days.*not before 20/);
  t.deepEqual(capped?.steps, [], 'certbot is not run');
  const person = await host.agent(['renew', 'shop']);
  t.is(person.exit, 1);
  t.regex(person.stderr, /renew failed \(capped\): this host's own limit is reached/);
  t.deepEqual({ leaf: leaf(), ledger: fs.readFileSync(ledgerFile, 'utf8') }, full);

  // Damaged: it is told and set aside, one renewal may go, and no second one.
  fs.truncateSync(ledgerFile, 40);
  const once = await renew(host);
  t.is(once?.reason, 'done', once?.detail);
  t.is(once?.steps[0]?.step, 'read the ledger of renewals');
  t.regex(once?.steps[0]?.detail ?? '', /was damaged and set aside/);
  t.is(fs.statSync(`${host.sandbox.directory}/state/renewals.damaged.json`).size, 40);
  t.is((await renew(host))?.reason, 'capped');

  // Where it cannot be kept, nothing is renewed.
  fs.rmSync(ledgerFile);
  fs.mkdirSync(ledgerFile);
  const unkept = await renew(host);
  t.is(unkept?.reason, 'internal');
  t.regex(unkept?.detail ?? '', /ledger of renewals cannot be kept, so nothing is renewed/);
});
