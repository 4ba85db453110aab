import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { changeRenewal, rehearse, stagingOf, tokens } from '../helpers/rehearsal.ts';
import { look, sharedHost } from '../helpers/scenario.ts';

const shared = sharedHost(test);

test.serial(
  'a healthy lineage passes with the staging CA, and certbot leaves it, its config and its account alone',
  async (t) => {
    const host = shared();
    const staging = await stagingOf(t, host);
    const before = treeOf(host.certbot.configDirectory);
    const outcome = await rehearse(host, { staging_server: `"${staging.directoryUrl}"` });
    t.is(outcome.reason, 'done', outcome.detail);
    t.is(outcome.exit, 0);
    t.deepEqual(
      outcome.steps.map(({ step, ok }) => [step, ok]),
      [
        'renewal config',
        'authenticator',
        'account',
        'DNS',
        'challenge path',
        'CAA',
        'config test',
        'staging CA',
        'certbot renew --dry-run',
      ].map((step) => [step, true]),
    );
    const own = new URL(staging.directoryUrl).host;
    const after = treeOf(host.certbot.configDirectory);
    const written = Object.keys(after).filter((file) => before[file] !== after[file]);
    t.deepEqual(
      written.filter((file) => !file.startsWith(`accounts/${own}`)),
      [],
      'besides an account at the staging CA nothing is written',
    );
    t.deepEqual(
      Object.keys(before).filter((file) => after[file] === undefined),
      [],
    );
    t.deepEqual(tokens(host), []);
    const { findings } = await look(host);
    t.deepEqual(findings, []);
    await staging.close();
  },
);

test.serial('a staging CA that is down is no failure of the host, and certbot is not begun', async (t) => {
  const host = shared();
  const port = await host.sandbox.port();
  const outcome = await rehearse(host, { staging_server: `"https://localhost:${port}/dir"` });
  t.is(outcome.exit, 1);
  t.is(outcome.reason, 'connection');
  t.deepEqual(outcome.failing, ['staging CA']);
  t.regex(outcome.detail, /^a renewal of shop cannot be told to succeed: staging CA: https:\/\/localhost/);
  t.false(outcome.steps.some(({ step }) => step.includes('certbot')));
  const report = JSON.parse((await host.agent(['check', '--json'])).stdout);
  t.false(report.findings.some(({ code }: { code: string }) => code === 'renewal-would-fail'));
  t.is(report.lineages[0].rehearsal.ok, undefined);
  t.is(report.lineages[0].rehearsal.reasons[0].check, 'staging CA');
});

test.serial('what only the CA sees fails in the dry run, in words of the CA', async (t) => {
  const host = shared();
  const staging = await stagingOf(t, host, { httpPort: await host.sandbox.port() });
  const outcome = await rehearse(host, { staging_server: `"${staging.directoryUrl}"` });
  await staging.close();
  t.deepEqual(outcome.failing, ['certbot renew --dry-run']);
  t.is(outcome.reason, 'connection');
  t.regex(outcome.detail, /refused/);
});

test.serial('commands around a renewal may stop the server: with one the dry run is left out', async (t) => {
  const host = shared();
  const mark = path.join(host.sandbox.directory, 'hook-ran');
  changeRenewal(t, host, (text) =>
    text.replace('[renewalparams]\n', `[renewalparams]\npre_hook = touch ${mark} password=CANARY\n`),
  );
  const staging = await stagingOf(t, host);
  const outcome = await rehearse(host, { staging_server: `"${staging.directoryUrl}"` });
  await staging.close();
  t.is(outcome.reason, 'done');
  t.regex(outcome.detailOf('certbot renew --dry-run'), /^left out: certbot would run touch .*password=\[removed\]/);
  t.false(fs.existsSync(mark));
});

test.serial('while certbot runs elsewhere the dry run waits, and gives up without a verdict', async (t) => {
  const host = shared();
  const staging = await stagingOf(t, host);
  const locked = `import fcntl,sys\nf=open('${host.certbot.configDirectory}/.certbot.lock','w')\nfcntl.lockf(f,fcntl.LOCK_EX)\nprint('held',flush=True)\nsys.stdin.read()`;
  const holder = spawn('/usr/bin/python3', ['-c', locked]);
  t.teardown(() => holder.kill());
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  const outcome = await rehearse(host, {
    staging_server: `"${staging.directoryUrl}"`,
    deadline_seconds: '10',
  });
  await staging.close();
  t.is(outcome.reason, 'busy');
  t.regex(outcome.detail, /cannot be told to succeed: certbot renew --dry-run: another certbot/);
  t.false((await look(host)).findings.some(({ code }) => code === 'renewal-would-fail'));
});

/** Every file below it with a digest of what it holds. */
function treeOf(directory: string): Record<string, string> {
  const entries = fs.readdirSync(directory, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries.map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const held = entry.isFile() ? fs.readFileSync(file) : entry.isSymbolicLink() ? fs.readlinkSync(file) : '';
      return [path.relative(directory, file), createHash('sha256').update(held).digest('hex')];
    }),
  );
}
