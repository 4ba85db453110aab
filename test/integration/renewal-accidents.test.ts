import fs from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { OutcomeReason } from '../../agent/decide/action.ts';
import { startHost, type TestHost } from '../helpers/host.ts';
import { intact, nextTry, observedShop, renewShop, standing } from '../helpers/renewals.ts';
import type { AcmeAnswer } from '../helpers/testbed/acme-front.ts';
import { startPebble } from '../helpers/testbed/pebble.ts';
import { until } from '../helpers/testbed/until.ts';

const minute = 60_000;

/** Fails as `certbot` when the system calls are made that strace(1) is told to tamper with. */
function tampered(host: TestHost, ...expressions: string[]): string {
  const script = path.join(host.sandbox.directory, `certbot-${expressions.length}`);
  const words = ['/usr/bin/strace', '-f', '-qq', '-o', '/dev/null', ...expressions, host.certbot.binary];
  fs.writeFileSync(script, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 });
  return script;
}

const archived = (host: TestHost) => fs.readdirSync(host.certbot.lineage('shop').archive);

/** Changes the renewal config of `shop`. */
function editConfig(host: TestHost, change: (text: string) => string): void {
  const file = host.certbot.lineage('shop').renewalConfig;
  fs.writeFileSync(file, change(fs.readFileSync(file, 'utf8')));
}

async function failsAs(t: ExecutionContext, host: TestHost, reason: OutcomeReason, detail: RegExp, binary?: string) {
  const before = standing(host);
  const began = Date.now();
  const outcome = await renewShop(host, binary === undefined ? {} : { binary });
  t.is(outcome.reason, reason, outcome.detail);
  t.regex(outcome.detail, detail);
  await intact(t, host, before);
  t.is(nextTry(host, outcome, began), began + (reason === 'busy' ? minute / 4 : minute));
  return outcome;
}

test.serial('disk-full: what certbot could only write half of is never linked, not even by its next run', async (t) => {
  const host = await startHost(t);
  const file = path.join(host.certbot.lineage('shop').archive, 'fullchain2.pem');
  const full = tampered(host, '-P', file, '-e', 'inject=write:error=ENOSPC');
  await failsAs(t, host, 'disk-full', /No space left on device/, full);
  t.deepEqual(
    archived(host).filter((name) => name.includes('2.pem')),
    ['cert2.pem', 'chain2.pem', 'fullchain2.pem', 'privkey2.pem'].map((name) => `${name}.incomplete`),
  );
  // certbot's own next run links the newest version before it asks the CA: here it finds none, and the CA is away.
  await host.pebble.close();
  await failsAs(t, host, 'connection', /Connection refused/);
});

test.serial(
  "what another certbot's run left half written is set aside before certbot runs, and the renewal goes on",
  async (t) => {
    const host = await startHost(t);
    const { archive } = host.certbot.lineage('shop');
    for (const kind of ['cert', 'privkey', 'chain'])
      fs.copyFileSync(path.join(archive, `${kind}1.pem`), path.join(archive, `${kind}2.pem`));
    fs.writeFileSync(path.join(archive, 'fullchain2.pem'), '');
    const before = standing(host);
    const outcome = await renewShop(host);
    t.is(outcome.reason, 'done', outcome.detail);
    t.not(standing(host).leaf, before.leaf);
    t.true(archived(host).includes('fullchain2.pem.incomplete'));
    t.is(observedShop(host).lineage?.liveVersion, 2);
  },
);

test.serial('internal: a certbot that is killed while it moves the links has them put back', async (t) => {
  const host = await startHost(t);
  const killed = tampered(host, '-e', 'trace=symlink', '-e', 'inject=symlink:signal=SIGKILL:when=7');
  const outcome = await failsAs(
    t,
    host,
    'internal',
    /ended by a signal; version 2 was written and is not linked/,
    killed,
  );
  t.true(outcome.steps.some(({ step, ok }) => step === 'have certbot undo what it left halfway' && ok));
  t.deepEqual(
    fs
      .readdirSync(path.dirname(host.certbot.lineage('shop').certificate))
      .filter((name) => name.startsWith('previous_')),
    [],
  );
});

test.serial(
  'internal: a certbot that is ended at the deadline while it saves has issued, and counts in full',
  async (t) => {
    const host = await startHost(t);
    const file = path.join(host.certbot.lineage('shop').archive, 'chain2.pem');
    const stuck = tampered(host, '-P', file, '-e', 'inject=write:delay_enter=600000000');
    const before = standing(host);
    const outcome = await renewShop(host, { binary: stuck, deadlineSeconds: 20 });
    t.is(outcome.reason, 'internal', outcome.detail);
    t.is(outcome.detail, 'certbot was ended at its deadline while it saved version 2');
    await intact(t, host, before);
    t.true(archived(host).includes('cert2.pem.incomplete'));
    const ledger = JSON.parse(fs.readFileSync(path.join(host.sandbox.directory, 'state/renewals.json'), 'utf8'));
    t.is(ledger.tries[0].reason, 'internal');
  },
);

test.serial('rejected-identifier: the CA issues for this name to nobody', async (t) => {
  const host = await startHost(t);
  const { authority } = host.pebble;
  const strict = await startPebble(host.sandbox, {
    validitySeconds: 7200,
    httpPort: host.httpPort,
    authority,
    blockedDomains: ['example.test'],
  });
  const { configDirectory, workDirectory, logsDirectory, binary, environment } = host.certbot;
  const registered = await host.sandbox.run(
    binary,
    [
      ['register', '-n', '--agree-tos', '--register-unsafely-without-email', '--server', strict.directoryUrl],
      ['--config-dir', configDirectory, '--work-dir', workDirectory, '--logs-dir', logsDirectory],
    ].flat(),
    { env: environment },
  );
  t.is(registered.exit, 0, registered.stderr);
  editConfig(host, (text) =>
    text.replace(/^server = .*$/m, `server = ${strict.directoryUrl}`).replace(/^account = .*\n/m, ''),
  );
  await failsAs(t, host, 'rejected-identifier', /forbidden by policy: "shop\.example\.test"/);
});

test.serial('plugin-missing: the renewal config names an authenticator that is not installed', async (t) => {
  const host = await startHost(t);
  editConfig(host, (text) => text.replace('authenticator = webroot', 'authenticator = dns-route53'));
  await failsAs(t, host, 'plugin-missing', /The requested dns-route53 plugin does not appear to be installed/);
});

test.serial('config-broken: the renewal config has a line that certbot cannot read, or no account', async (t) => {
  const host = await startHost(t);
  const file = host.certbot.lineage('shop').renewalConfig;
  const whole = fs.readFileSync(file, 'utf8');
  editConfig(host, (text) => text.replace('[renewalparams]', '[renewalparams'));
  const line = whole.split('\n').indexOf('[renewalparams]') + 1;
  await failsAs(t, host, 'config-broken', new RegExp(`renewal/shop\\.conf is broken\\. .*, line ${line}$`));
  fs.writeFileSync(file, whole.replace(/^account = .*$/m, 'account = 0123456789abcdef0123456789abcdef'));
  await failsAs(t, host, 'config-broken', /Account at .* does not exist/);
});

test.serial("sandbox-blocked: certbot fails for a right that the agent's own process lacks", async (t) => {
  const host = await startHost(t);
  host.setMode('renew');
  const before = standing(host);
  const { logsDirectory } = host.certbot;
  fs.rmSync(path.join(logsDirectory, '.certbot.lock'), { force: true });
  fs.chmodSync(logsDirectory, 0o555);
  const agent = [process.execPath, 'agent/main.ts', 'renew', 'shop', '--json', '--config', host.configFile];
  const isRoot = process.getuid?.() === 0;
  const argv = isRoot ? ['/usr/bin/setpriv', '--bounding-set', '-dac_override', ...agent] : agent;
  const [program = '', ...words] = argv;
  const ran = await host.sandbox.run(program, words, { cwd: path.resolve(import.meta.dirname, '../..') });
  fs.chmodSync(logsDirectory, 0o755);
  const [outcome] = JSON.parse(ran.stdout).outcomes;
  t.is(outcome.reason, 'sandbox-blocked', outcome.detail);
  t.regex(outcome.detail, /Permission denied.*certherd-agent may not write files here .*CAP_DAC_OVERRIDE/);
  await intact(t, host, before);
});

/** certbot's order, held back until `let` is called. */
function heldOrder(): { answer: AcmeAnswer; let: () => void; orders: () => number } {
  let open = () => {};
  let orders = 0;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let isHeld = false;
  return {
    answer: async ({ path: asked, method }) => {
      if (method !== 'POST' || asked !== '/order-plz') return undefined;
      orders += 1;
      // The first one issues the certificate that is renewed.
      if (orders > 1 && !isHeld) {
        isHeld = true;
        await gate;
      }
      return undefined;
    },
    let: open,
    orders: () => orders,
  };
}

test.serial('busy: a certbot that has the directories locked is named, and nothing is done', async (t) => {
  const order = heldOrder();
  const host = await startHost(t, { acmeAnswer: order.answer });
  const before = standing(host);
  const other = host.certbot.renew('shop');
  await until('the other certbot waits for its order', () => order.orders() === 2);
  const began = Date.now();
  const outcome = await renewShop(host, { deadlineSeconds: 10 });
  t.is(outcome.reason, 'busy');
  t.regex(outcome.detail, /^another certbot \(pid \d+\) has .* locked$/);
  t.is(nextTry(host, outcome, began), began + minute / 4);
  await intact(t, host, before);
  order.let();
  t.is((await other).exit, 0);
});

test.serial(
  'a renewal waits its turn, and what the other certbot renewed in the meantime is not renewed again',
  async (t) => {
    const order = heldOrder();
    const host = await startHost(t, { acmeAnswer: order.answer });
    const before = standing(host);
    const other = host.certbot.renew('shop');
    await until('the other certbot waits for its order', () => order.orders() === 2);
    const told: string[] = [];
    const outcome = await renewShop(host, {
      progress: (line) => {
        told.push(line);
        if (line.startsWith('wait for another certbot')) order.let();
      },
    });
    t.is((await other).exit, 0);
    t.is(outcome.reason, 'done', told.join('\n'));
    t.regex(outcome.detail, /renewed by another certbot: version 2/);
    t.not(standing(host).leaf, before.leaf);
    t.is(order.orders(), 2);
  },
);
