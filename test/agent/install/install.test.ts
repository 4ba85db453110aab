import fs from 'node:fs';
import type { Join } from '@certherd/protocol/join';
import test, { type ExecutionContext } from 'ava';
import * as layout from '../../../agent/install/layout.ts';
import { perform, type PerformPorts } from '../../../agent/install/perform.ts';
import { planInstall } from '../../../agent/install/plan.ts';
import { leftBehind, planRemoval } from '../../../agent/install/removal.ts';
import type { CollectorSocket, OpenCollectorSocket } from '../../../agent/ports.ts';
import { enrol } from '../../../agent/report/enrolment.ts';
import { readCollectorFrame } from '../../../agent/report/frames.ts';
import { loadEnrolment } from '../../../agent/report/identity.ts';
import { systemClock } from '../../../agent/system/clock.ts';
import { collectorSocketOpener } from '../../../agent/system/collector-socket.ts';
import { shippedFile } from '../../../agent/system/shipped-files.ts';
import { systemState } from '../../../agent/system/state.ts';
import { startTestCollector } from '../../collector/helpers/real-collector.ts';
import { testDirectory } from '../../helpers/directory.ts';
import { facts, install, Killed, open, type SimulatedHost, simulatedHost } from '../../helpers/simulated-install.ts';

const own = '/opt/certherd-agent';
const join = { authority: 'collector.test:8443', pin: 'pin' };

function newHost(t: ExecutionContext): SimulatedHost {
  const host = simulatedHost(testDirectory(t));
  host.program(own, '1.0.0');
  return host;
}

async function uninstall(host: SimulatedHost, purge: boolean) {
  const seen = await facts(host, own);
  const plan = planRemoval(seen, purge);
  if (!plan.ok) return plan;
  return perform(plan.value, seen, host.ports(own), () => {});
}

test('install makes the host as it should be, and a second one finds nothing to do', async (t) => {
  const host = newHost(t);
  t.true((await install(host, own, { join, mode: 'deploy' })).ok);
  t.deepEqual(host.running(), { version: '1.0.0', isInPlace: true });
  t.true(host.socketIsOn());
  t.is(host.enrolments(), 1);
  t.regex(fs.readFileSync(`${host.root}${layout.policyFile}`, 'utf8'), /^mode = "deploy"$/m);
  for (const { from, to } of layout.shippedFiles)
    t.is(fs.readFileSync(`${host.root}${to}`, 'utf8'), shippedFile(from), to);
  t.deepEqual(await open(host, own, { join, mode: 'deploy' }), []);
  t.deepEqual(await open(host, layout.program), []);
});

test('where there are no manuals, documents and presets, none are begun, and a file of others in ours stays', async (t) => {
  const lean = newHost(t);
  for (const folder of ['usr/share/doc', 'usr/share/man', 'usr/lib/systemd/system-preset'])
    fs.rmSync(`${lean.root}/${folder}`, { recursive: true });
  t.true((await install(lean, own, {})).ok);
  t.deepEqual(await open(lean, own), []);
  t.false(fs.existsSync(`${lean.root}/usr/share/doc`));

  const host = newHost(t);
  t.true((await install(host, own, {})).ok);
  const [mine = ''] = layout.ownDocuments;
  fs.writeFileSync(`${host.root}${mine}/notes`, '');
  t.true((await uninstall(host, true)).ok);
  t.deepEqual(fs.readdirSync(`${host.root}${mine}`), ['notes']);
});

test("without a mode that is asked for, act's socket stays as it is", async (t) => {
  const host = newHost(t);
  t.true((await install(host, own, {})).ok);
  t.false(host.socketIsOn());
  t.true((await install(host, own, { mode: 'renew' })).ok);
  t.true(host.socketIsOn());
  t.deepEqual(await open(host, own), []);
  t.true((await install(host, own, { mode: 'observe' })).ok);
  t.false(host.socketIsOn());
});

test('a step that fails has all taken back, whichever it is', async (t) => {
  for (const code of ['ENOSPC', 'EROFS', 'EACCES'] as const) {
    const host = newHost(t);
    const before = host.tree();
    const named: string[] = [];
    host.failing((change) => void named.push(change));
    t.true((await install(host, own, { join, mode: 'deploy' })).ok);
    const changes = [...new Set(named)].filter((change) => !/ show| reset-failed|dpkg|^certherd|rpm/.test(change));
    t.true(changes.length > 12, changes.join(', '));
    for (const failing of changes) {
      const fresh = newHost(t);
      fresh.failing((change) => (change === failing ? code : undefined));
      const done = await install(fresh, own, { join, mode: 'deploy' });
      t.false(done.ok, failing);
      fresh.failing(undefined);
      const isEnrolling = fresh.enrolments() > 0;
      t.deepEqual(
        fresh.tree().filter((line) => !(isEnrolling && line.startsWith(layout.stateDirectory))),
        before,
        `${failing} ${code}`,
      );
      t.is(fresh.running(), undefined, failing);
      t.true((await install(fresh, own, { join, mode: 'deploy' })).ok, `${failing}: then again`);
    }
  }
});

for (const moment of ['before', 'during', 'after'] as const) {
  test(`an install that is killed ${moment} any of its changes is finished by the next one`, async (t) => {
    const whole = newHost(t);
    whole.neverKill();
    t.true((await install(whole, own, { join, mode: 'deploy' })).ok);
    const [changes, tree] = [whole.changes(), whole.tree()];
    t.true(changes > 12);
    for (let nth = 1; nth <= changes; nth++) {
      const host = newHost(t);
      host.killAt(nth, moment);
      await t.throwsAsync(install(host, own, { join, mode: 'deploy' }), { instanceOf: Killed });
      host.neverKill();
      t.true((await install(host, own, { join, mode: 'deploy' })).ok, `change ${nth}`);
      t.deepEqual(host.tree(), tree, `change ${nth}`);
      t.deepEqual(host.running(), { version: '1.0.0', isInPlace: true });
      t.true(host.socketIsOn());
      t.deepEqual(await open(host, own, { join, mode: 'deploy' }), [], `change ${nth}`);
    }
  });

  test(`an uninstall that is killed ${moment} any of its changes is finished by the next one, and leaves nothing`, async (t) => {
    const whole = newHost(t);
    const before = whole.tree();
    t.true((await install(whole, own, { mode: 'deploy' })).ok);
    whole.neverKill();
    t.true((await uninstall(whole, true)).ok);
    t.deepEqual(whole.tree(), before);
    const changes = whole.changes();
    for (let nth = 1; nth <= changes; nth++) {
      const host = newHost(t);
      t.true((await install(host, own, { mode: 'deploy' })).ok);
      host.killAt(nth, moment);
      await t.throwsAsync(uninstall(host, true), { instanceOf: Killed });
      host.neverKill();
      t.true((await uninstall(host, true)).ok);
      t.deepEqual(host.tree(), before, `change ${nth}`);
      t.is(host.running(), undefined);
    }
  });

  test(`what an install left that was killed ${moment} a change is removed by an uninstall`, async (t) => {
    for (let nth = 1; nth <= 12; nth++) {
      const host = newHost(t);
      const before = host.tree();
      host.killAt(nth, moment);
      await t.throwsAsync(install(host, own, {}), { instanceOf: Killed });
      host.neverKill();
      t.true((await uninstall(host, true)).ok);
      t.deepEqual(host.tree(), before, `change ${nth}`);
    }
  });
}

test('an uninstall without purge leaves settings and state alone, and says so', async (t) => {
  const host = newHost(t);
  const before = host.tree();
  t.true((await install(host, own, { join })).ok);
  t.deepEqual(leftBehind(await facts(host, own)), [layout.policyFile, layout.stateDirectory]);
  t.true((await uninstall(host, false)).ok);
  const left = host.tree().filter((line) => !before.includes(line));
  t.deepEqual(
    left.map((line) => line.split(' ')[0]),
    [layout.policyDirectory, layout.policyFile, layout.stateDirectory, `${layout.stateDirectory}/enrolment.json`],
  );
  t.true((await install(host, own, { join })).ok);
  t.is(host.enrolments(), 1, 'the next install is enrolled already');
});

test('an uninstall that could not remove a file stops nothing, and says so before it begins', async (t) => {
  const host = newHost(t);
  t.true((await install(host, own, { mode: 'deploy' })).ok);
  const seen = await facts(host, own);
  for (const directory of ['/usr/bin', layout.unitDirectory, '/etc', '/etc/systemd/system', '/var/lib']) {
    const failure = { reason: 'read-only', detail: `${directory}: EROFS` } as const;
    const plan = planRemoval({ ...seen, closed: new Map([[directory, failure]]) }, true);
    t.deepEqual(plan, { ok: false, failure: { reason: 'closed', failure } });
  }
});

// Before all others: their work leaves a real collector no turn for longer than it waits for a host.
test.serial(
  'after an answer of the collector that was lost, the same join string makes the same host of it',
  async (t) => {
    const collector = await startTestCollector(t);
    const spent = await collector.join();
    const open = collectorSocketOpener([], {});
    let lost: string | undefined;
    const losing: OpenCollectorSocket = async (target) => {
      const opened = await open(target);
      if (!opened.ok) return opened;
      const { value: socket } = opened;
      const onMessage: CollectorSocket['onMessage'] = (listener) =>
        socket.onMessage((text) => {
          const frame = readCollectorFrame(text);
          if (frame?.type !== 'enrolled') return listener(text);
          lost = frame.agentId;
          socket.terminate();
        });
      return { ok: true, value: { ...socket, onMessage } };
    };
    const host = newHost(t);
    t.like(await installing(host, spent, losing), {
      failure: { why: { reason: 'not-enrolled' }, left: [], enrolment: 'begun' },
    });
    t.deepEqual(await installing(host, spent, open), { ok: true });
    const enrolment = loadEnrolment(stateOf(host));
    t.not(lost, undefined);
    t.is(enrolment.ok ? enrolment.value?.agentId : undefined, lost);
  },
);

test.serial('where the collector cannot have taken the token, nothing of the enrolment stays', async (t) => {
  const collector = await startTestCollector(t);
  const open = collectorSocketOpener([], {});
  const spent = await collector.join();
  t.true((await installing(newHost(t), spent, open)).ok);
  const strange = { ...(await collector.join()), pin: 'A'.repeat(43) };
  for (const asked of [spent, strange]) {
    const host = newHost(t);
    const before = host.tree();
    t.like(await installing(host, asked, open), { failure: { why: { mayStand: false }, left: [], enrolment: 'none' } });
    t.deepEqual(host.tree(), before);
  }
});

const stateOf = (host: SimulatedHost) => systemState(`${host.root}${layout.stateDirectory}`);

async function installing(host: SimulatedHost, asked: Join, openCollectorSocket: OpenCollectorSocket) {
  const seen = await facts(host, own);
  const wish = { version: '1.0.0', currentMode: 'observe', stateDirectory: layout.stateDirectory } as const;
  const plan = planInstall(seen, { ...wish, join: { authority: asked.authority, pin: asked.pin } }, shippedFile);
  if (!plan.ok) return plan;
  const ports: PerformPorts = {
    ...host.ports(own),
    enrol: async () => {
      const enrolled = await enrol({ state: stateOf(host), openCollectorSocket, clock: systemClock() }, asked, 'web-1');
      return enrolled.ok
        ? { ok: true, value: undefined }
        : {
            ok: false,
            failure: { reason: 'not-enrolled', detail: enrolled.failure.detail, mayStand: enrolled.mayStand },
          };
    },
  };
  return perform(plan.value, seen, ports, () => {});
}

test('an agent that does not become well is taken back with all that was made for it', async (t) => {
  for (const conduct of ['crashes', 'never looks'] as const) {
    const host = simulatedHost(testDirectory(t));
    host.program(own, '1.0.0', conduct);
    const before = host.tree();
    const done = await install(host, own, {});
    t.false(done.ok);
    t.like(done, { failure: { why: { reason: 'not-healthy' }, left: [] } });
    t.deepEqual(host.tree(), before);
    t.is(host.running(), undefined);
  }
});
