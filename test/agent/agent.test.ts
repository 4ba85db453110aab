import fs from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { startAgent } from '../../agent/agent.ts';
import type { Outcome, Request } from '../../agent/decide/action.ts';
import type { Ports } from '../../agent/ports.ts';
import { saveEnrolment } from '../../agent/report/identity.ts';
import { systemClock } from '../../agent/system/clock.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { httpsOpener } from '../../agent/system/https.ts';
import { systemLooking } from '../../agent/system/looking.ts';
import { systemState } from '../../agent/system/state.ts';
import { watchFiles } from '../../agent/watch/file-changes.ts';
import { type Ca, startCa, windowFrom } from '../helpers/asked-ca.ts';
import { silentLog, testDirectory } from '../helpers/directory.ts';
import { heldClock } from '../helpers/held-clock.ts';
import { mint } from '../helpers/mint.ts';
import { config } from '../helpers/observed.ts';
import { until } from '../helpers/testbed/until.ts';

/** An agent over real files whose timers run `speed` times as fast, with an action that the test plays. */
async function agentOn(
  t: ExecutionContext,
  options: {
    speed?: number;
    due?: boolean;
    served?: boolean;
    enrolled?: boolean;
    ca?: Ca;
    change?: Partial<Ports>;
  } = {},
) {
  const directory = testDirectory(t);
  const speed = options.speed ?? 1;
  const real = systemClock();
  const errors: string[] = [];
  const requests: Request[] = [];
  let perform: (request: Request) => Promise<Outcome> = () => new Promise(() => {});
  if (options.due) await writeLineage(`${directory}/letsencrypt`, 80);
  if (options.served) {
    await writeLineage(`${directory}/letsencrypt`, 10);
    const live = `${directory}/letsencrypt/live/shop`;
    const files = `ssl_certificate ${live}/fullchain.pem; ssl_certificate_key ${live}/privkey.pem;`;
    fs.writeFileSync(`${directory}/nginx.conf`, `http { server { listen 127.0.0.1:443 ssl; ${files} } }`);
  }
  const state = systemState(`${directory}/state`);
  if (options.enrolled) saveEnrolment(state, { authority: 'collector:1', pin: 'p', agentId: 'a', collectorId: 'c' });
  if (options.ca) {
    await writeLineage(`${directory}/letsencrypt`, 10, `${options.ca.address}/dir`);
    fs.writeFileSync(`${directory}/ca.pem`, options.ca.rootPem);
  }
  const ports: Ports = {
    ...systemLooking(),
    clock: { ...real, after: (ms, task) => real.after(ms / speed, task), monotonic: () => real.monotonic() * speed },
    dial: () => Promise.reject(new Error('no endpoint is there to be asked')),
    act: (request) => {
      requests.push(request);
      return perform(request);
    },
    state,
    openCollectorSocket: () => Promise.reject(new Error('not enrolled')),
    openHttps: httpsOpener({}),
    random: () => 0.5,
    log: { ...silentLog, error: (_fields, text) => void errors.push(text) },
    ...options.change,
  };
  const base = config('renew');
  const settings = {
    ...base,
    rescanMs: 60_000,
    certbot: { ...base.certbot, configDirectory: `${directory}/letsencrypt`, caBundle: `${directory}/ca.pem` },
    nginx: { ...base.nginx, config: `${directory}/nginx.conf` },
  };
  const host = { name: 'web-1', agentVersion: '0', platform: 'test', bootId: 'b' };
  const watch = (changed: () => void) => watchFiles(silentLog, changed);
  const agent = startAgent(settings, host, ports, watch, () => 'epoch-of-the-test');
  t.teardown(() => agent.stop());
  const read = (name: string) => {
    const file = `${directory}/state/${name}`;
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  };
  return {
    agent,
    directory,
    errors,
    requests,
    read,
    looked: () => read('status.json').includes('nextLookAt'),
    play: (next: typeof perform) => {
      perform = next;
    },
  };
}

/** A lineage whose certificate of 90 days is so many days old. */
async function writeLineage(root: string, days: number, acmeDirectory?: string): Promise<void> {
  const day = 86_400_000;
  const { pem, keyPem } = await mint({
    names: ['shop.example.test'],
    notBefore: new Date(Date.now() - days * day),
    notAfter: new Date(Date.now() + (90 - days) * day),
  });
  const content = { cert: pem, privkey: keyPem, chain: pem, fullchain: pem };
  for (const part of ['live/shop', 'archive/shop', 'renewal']) fs.mkdirSync(`${root}/${part}`, { recursive: true });
  for (const [kind, text] of Object.entries(content)) {
    fs.writeFileSync(`${root}/archive/shop/${kind}1.pem`, text);
    fs.symlinkSync(`../../archive/shop/${kind}1.pem`, `${root}/live/shop/${kind}.pem`);
  }
  const paths = Object.keys(content).map((kind) => `${kind} = ${root}/live/shop/${kind}.pem\n`);
  fs.writeFileSync(
    `${root}/renewal/shop.conf`,
    `${paths.join('')}[renewalparams]\n${acmeDirectory ? `server = ${acmeDirectory}\n` : ''}`,
  );
}

const outcome = (reason: Outcome['reason']): Outcome => ({ verb: 'renew', reason, detail: reason, steps: [] });

test('a clock that is set back just before the agent rests does not make it rest for years', async (t) => {
  const real = systemClock();
  let ahead = 0;
  const waits: number[] = [];
  const clock: Ports['clock'] = {
    ...real,
    now: () => real.now() + ahead,
    after: (ms, task) => {
      waits.push(ms);
      return real.after(ms, task);
    },
  };
  const atRest = () => {
    ahead = -3650 * 86_400_000;
  };
  const { looked } = await agentOn(t, { change: { clock, atRest } });
  await until('the first look', looked);
  await until('it rests', () => waits.some((ms) => ms > 10_000));
  t.true(Math.max(...waits) <= 60_000, waits.join());
});

test('the first look waits for the collector, and not for one that does not answer', async (t) => {
  const files = systemFiles();
  let lists = 0;
  const list = (path: string) => {
    lists += 1;
    return files.list(path);
  };
  let asked = false;
  let refuse = () => {};
  const openCollectorSocket: Ports['openCollectorSocket'] = () => {
    asked = true;
    const failure = { reason: 'unreachable', detail: 'no route' } as const;
    return new Promise((resolve) => (refuse = () => resolve({ ok: false, failure })));
  };
  const waits: (() => void)[] = [];
  const real = systemClock();
  const after = (ms: number, task: () => void) => (ms === 500 ? (waits.push(task), () => {}) : real.after(ms, task));
  const clock = { ...real, after };
  for (const answered of [true, false]) {
    [lists, asked] = [0, false];
    const { agent, looked } = await agentOn(t, {
      enrolled: true,
      change: { files: { ...files, list }, openCollectorSocket, clock },
    });
    await until('the collector is asked', () => asked);
    t.is(lists, 0);
    if (answered) refuse();
    else waits.pop()?.();
    await until('it looks', looked);
    await agent.stop();
  }
});

test('a look that throws is said, is not repeated at once, and the next one goes on', async (t) => {
  let throwing = false;
  let lists = 0;
  const files = systemFiles();
  const list = (path: string) => {
    lists += 1;
    if (throwing) throw new Error('a fault in a parser');
    return files.list(path);
  };
  const time = heldClock();
  const { errors, looked, read, directory } = await agentOn(t, {
    change: { files: { ...files, list }, clock: time.clock },
  });
  await until('the first look', looked);
  const { lookedAt } = JSON.parse(read('status.json'));
  throwing = true;
  let written = 0;
  const change = () => fs.writeFileSync(`${directory}/nginx.conf`, `# ${(written += 1)}`);
  change();
  await until('it is said', () => errors.length > 0);
  t.regex(errors[0] ?? '', /the look failed/);

  const before = lists;
  for (let round = 0; round < 3; round += 1) {
    const begun = time.begun();
    change();
    await until('a change wakes it, and it goes on waiting', () => time.begun() > begun);
  }
  t.is(lists, before, 'no look while it waits');
  throwing = false;
  time.pass(2_000);
  await until('it looks again', () => JSON.parse(read('status.json')).lookedAt !== lookedAt);
  t.is(errors.length, 1);
});

test('a try is on disk before it begins, and its end takes its place', async (t) => {
  const { play, read, requests } = await agentOn(t, { due: true });
  let end: (outcome: Outcome) => void = () => {};
  play(() => new Promise((resolve) => (end = resolve)));
  await until('the renewal began', () => requests.length === 1);
  t.regex(read('memory.json'), /"reason":"internal","detail":"the agent ended before this action did"/);
  end(outcome('certbot-failed'));
  await until('its end is kept', () => read('memory.json').includes('"reason":"certbot-failed"'));
  t.is(JSON.parse(read('memory.json')).attempts.length, 1);
});

test('a lock that stays held is one event and one attempt, however often it is met', async (t) => {
  const { play, read, requests } = await agentOn(t, { due: true, speed: 300 });
  play(() => Promise.resolve(outcome('busy')));
  // The wall clock is not faster: the lock is asked for again after 15 seconds of it.
  await until('it was met twice', () => requests.length >= 2, { deadlineMs: 40_000 });
  t.is(read('outbox.jsonl').split('"kind":"renewal"').length - 1, 1);
  t.is(JSON.parse(read('memory.json')).attempts.length, 1);
});

test('a stop waits for a short action, and leaves a long one to its own process', async (t) => {
  const short = await agentOn(t, { due: true });
  let ended = false;
  short.play(async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    ended = true;
    return outcome('done');
  });
  await until('the renewal began', () => short.requests.length === 1);
  await short.agent.stop();
  t.true(ended);
  t.true(short.read('outbox.jsonl').includes('"kind":"renewal"'));

  const long = await agentOn(t, { due: true, speed: 100 });
  await until('the renewal began', () => long.requests.length === 1);
  await long.agent.stop();
  t.pass('it does not wait for what never ends');
});

test('a stop at any moment of a look ends', async (t) => {
  for (let ms = 0; ms < 100; ms += 5) {
    const { agent } = await agentOn(t);
    await new Promise((resolve) => setTimeout(resolve, ms));
    await agent.stop();
  }
  t.pass();
});

test('directories that come into being are looked at and watched', async (t) => {
  const { directory, looked, read } = await agentOn(t);
  await until('the first look', looked);
  const before = JSON.parse(read('status.json')).lookedAt;
  fs.mkdirSync(`${directory}/letsencrypt/renewal`, { recursive: true });
  await until('another look', () => JSON.parse(read('status.json')).lookedAt !== before);
  const count = () => read('memory.json').includes('lineage-broken');
  fs.writeFileSync(`${directory}/letsencrypt/renewal/odd.conf`, 'x');
  await until('the lineage is judged', count);
  t.pass();
});

test('the first look asks each endpoint once, though nothing was watched before it', async (t) => {
  const asked: string[] = [];
  let askedAtRest: string[] | undefined;
  await agentOn(t, {
    served: true,
    change: {
      dial: (target) => {
        asked.push(JSON.stringify(target));
        return Promise.resolve({ ok: false, failure: { reason: 'handshake-failed', detail: 'refused' } });
      },
      atRest: () => {
        askedAtRest ??= [...asked];
      },
    },
  });
  await until('it rests', () => askedAtRest !== undefined);
  t.not(askedAtRest?.length, 0);
  t.deepEqual(askedAtRest, [...new Set(askedAtRest)]);
});

test('what a CA asks for is done as soon as it is told, not at the next timed look', async (t) => {
  const hour = 3_600_000;
  const ca = await startCa(t, () => windowFrom(Date.now() - 2 * hour, Date.now() - hour));
  const real = systemClock();
  // a clock on which no timed look ever comes: the first would be 54 seconds away
  const after: typeof real.after = (ms, task) => (ms > 30_000 ? () => {} : real.after(ms, task));
  const { play, read, requests } = await agentOn(t, { ca, change: { random: () => 0, clock: { ...real, after } } });
  play(() => Promise.resolve({ ...outcome('done'), detail: 'renewed' }));
  await until('the renewal began', () => requests.some(({ verb }) => verb === 'renew'), { deadlineMs: 30_000 });
  await until('it is kept that the CA was obeyed', () => read('renewal-information.json').includes('"advised":true'));
  t.is(requests.filter(({ verb }) => verb === 'renew').length, 1);
});
