import fs from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { HostFacts } from '../../../agent/install/host.ts';
import * as layout from '../../../agent/install/layout.ts';
import { planInstall, type Wish } from '../../../agent/install/plan.ts';
import { versionOf } from '../../../agent/install/candidate.ts';
import { changeWords, obstacleWords, unfitWords } from '../../../agent/commands/install-words.ts';
import { shippedFile } from '../../../agent/system/shipped-files.ts';
import { testDirectory } from '../../helpers/directory.ts';
import { facts, simulatedHost } from '../../helpers/simulated-install.ts';

const own = '/opt/certherd-agent';
const wish: Wish = { version: '1.0.0', currentMode: 'observe', stateDirectory: layout.stateDirectory };

async function seen(t: ExecutionContext): Promise<HostFacts> {
  const host = simulatedHost(testDirectory(t));
  host.program(own, '1.0.0');
  return facts(host, own);
}

function reasonOf(host: HostFacts, wanted: Partial<Wish> = {}): string {
  const plan = planInstall(host, { ...wish, ...wanted }, shippedFile);
  if (plan.ok) return 'none';
  allWords.push(obstacleWords(plan.failure, own, 'mallory:x:1001:1001::/:/bin/sh\n'));
  return plan.failure.reason;
}
const allWords: string[] = [];

const root = { uid: 0, gid: 0, mode: 0o755, size: 1, modifiedAt: 0 };
const directory = { ...root, kind: 'directory' } as const;

test('each obstacle has a reason of its own, and one line of words', async (t) => {
  const host = await seen(t);
  const standing = (path: string, place: HostFacts['places'] extends ReadonlyMap<string, infer P> ? P : never) => ({
    ...host,
    places: new Map([...host.places, [path, place]]),
  });
  const user = { uid: 997, gid: 997, home: layout.stateDirectory, shell: '/usr/sbin/nologin' };
  t.is(reasonOf(host), 'none');
  t.is(reasonOf({ ...host, isRoot: false }), 'not-root');
  t.is(reasonOf({ ...host, hasSystemd: false }), 'no-systemd');
  t.is(reasonOf({ ...host, own: { path: own, bytes: 1 } }), 'not-a-single-binary');
  for (const by of ['apt', 'dnf'] as const) t.is(reasonOf({ ...host, packaged: by }), 'packaged');
  t.is(reasonOf({ ...host, digests: new Map([[layout.program, 'another']]) }), 'other-program');
  t.is(reasonOf(standing(layout.keptProgram, { ...root, kind: 'file' })), 'upgrade-interrupted');
  t.is(reasonOf(standing(layout.program, { ...root, kind: 'link' })), 'other-kind');
  t.is(reasonOf(standing(layout.stateDirectory, { ...root, kind: 'link' })), 'other-kind');
  t.is(reasonOf(standing(layout.stateDirectory, { ...directory, uid: 1001 })), 'other-owner');
  t.is(reasonOf(standing(layout.policyDirectory, { ...directory, mode: 0o777 })), 'open-to-others');
  t.is(reasonOf(standing(layout.actDirectory, { ...directory, uid: 1001 })), 'other-owner');
  t.is(reasonOf(standing(`/etc/systemd/system/${layout.agentUnit}`, { ...root, kind: 'file' })), 'hidden-unit');
  t.is(reasonOf(standing(`/etc/systemd/system/${layout.agentUnit}.d`, directory)), 'none', 'a drop-in is welcome');
  t.is(reasonOf({ ...host, account: { user, group: 997 } }), 'none');
  t.is(reasonOf({ ...host, account: { user: { ...user, uid: 0 }, group: 997 } }), 'other-account');
  t.is(reasonOf({ ...host, account: { user: { ...user, uid: 1001 }, group: 997 } }), 'other-account');
  t.is(reasonOf({ ...host, account: { user: { ...user, shell: '/bin/bash' }, group: 997 } }), 'other-account');
  t.is(reasonOf({ ...host, account: { user, group: 12 } }), 'other-account');
  t.is(reasonOf({ ...host, account: { group: 1001 } }), 'other-account');
  t.is(reasonOf({ ...host, tools: new Map([['systemctl', '/usr/bin/systemctl']]) }), 'no-account-tool');
  for (const [reason, code] of [
    ['read-only', 'EROFS'],
    ['permission-denied', 'EACCES'],
    ['permission-denied', 'EPERM'],
  ] as const) {
    const failure = { reason, detail: `/usr/bin: ${code}` };
    t.is(reasonOf({ ...host, closed: new Map([['/usr/bin', failure]]) }), 'closed');
  }
  t.is(reasonOf({ ...host, freeBytes: 1000 }), 'no-room');
  const join = { authority: 'a:1', pin: 'one' };
  t.is(reasonOf(host, { join, enrolledWith: { authority: 'b:1', pin: 'other' } }), 'enrolled-elsewhere');
  const odd = { ...root, kind: 'file', text: 'mode = """observe"""\n' } as const;
  t.is(reasonOf(standing(layout.policyFile, odd), { mode: 'deploy' }), 'mode-line');
  t.is(
    reasonOf(standing(layout.policyFile, { ...odd, kind: 'link', text: 'mode = "observe"\n' }), { mode: 'deploy' }),
    'mode-line',
  );
  t.true(allWords.length > 20);
  for (const words of allWords) {
    t.notRegex(words, /\n|undefined|\.$/);
    t.true(words.length < 260, words);
  }
});

test('SELinux and AppArmor are named where root is refused, and an immutable file only where it can be one', (t) => {
  const words = (code: string) =>
    changeWords({ reason: 'permission-denied', detail: `/usr/bin/certherd-agent: ${code}` });
  t.regex(words('EACCES'), /SELinux or AppArmor/);
  t.notRegex(words('EACCES'), /lsattr/);
  t.regex(words('EPERM'), /lsattr.*SELinux or AppArmor/);
  t.notRegex(
    changeWords({ reason: 'io-error', detail: '/x\u001b[2J: EIO' }),
    /\u001b/,
    'a name cannot write on the terminal',
  );
});

test('what a file is that is no agent is read from what it says', async (t) => {
  const saying = (output: string, exitCode = 0) =>
    versionOf({ programs: async () => ({ ok: true, value: { exitCode, output, timedOut: false } }) }, '/x');
  t.deepEqual(await saying('certherd-agent 1.2.3\ncommit abc\n'), { ok: true, value: '1.2.3' });
  t.like(await saying('certherd-collector 1.2.3\n'), { failure: { reason: 'a-collector' } });
  t.like(await saying('v24.21.0\n'), { failure: { reason: 'not-an-agent' } }, 'Node alone, with nothing injected');
  t.like(await saying('certherd-agent 1.2.3\n', 1), { failure: { reason: 'does-not-start' } });
  const libc = "x: /lib/libc.so.6: version `GLIBC_2.9' not found\nx: /lib/libc.so.6: version `GLIBC_2.28' not found\n";
  t.like(
    await saying(libc, 1),
    { failure: { reason: 'old-libc', needs: '2.28' } },
    'the newest of those that are needed',
  );
  t.like(await saying('', 1), { failure: { reason: 'does-not-start', detail: 'it ends at once' } });
  t.notRegex(unfitWords({ reason: 'does-not-start', detail: 'a\u001b[2J' }, '/x\u001b[2J'), /\u001b/);
});

test('the settings that are there are kept byte for byte but for the mode that is asked for', async (t) => {
  const host = simulatedHost(testDirectory(t));
  host.program(own, '1.0.0');
  fs.mkdirSync(`${host.root}${layout.policyDirectory}`);
  const mine = '# mine\nrescan_seconds = 60\nmode = "deploy" # since May\n';
  fs.writeFileSync(`${host.root}${layout.policyFile}`, mine);
  const planned = (mode?: Wish['currentMode']) =>
    facts(host, own).then((here) =>
      planInstall(here, { ...wish, currentMode: 'deploy', ...(mode && { mode }) }, shippedFile),
    );
  const policy = async (mode?: Wish['currentMode']) => {
    const plan = await planned(mode);
    const step = plan.ok
      ? plan.value.find(({ change }) => change.do === 'write' && change.path === layout.policyFile)
      : undefined;
    return [step?.isDone, step?.change.do === 'write' && step.change.text];
  };
  t.deepEqual(await policy(), [true, mine]);
  t.deepEqual(await policy('deploy'), [true, mine]);
  t.deepEqual(await policy('renew'), [false, mine.replace('"deploy"', '"renew"')]);
});
