import fs from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import * as layout from '../../../agent/install/layout.ts';
import {
  obstacleToUpgrade,
  settle,
  untilNobodyInstalls,
  upgrade,
  type UpgradeOutcome,
} from '../../../agent/install/upgrade.ts';
import { testDirectory } from '../../helpers/directory.ts';
import {
  type Conduct,
  facts,
  install,
  Killed,
  open,
  type SimulatedHost,
  simulatedHost,
} from '../../helpers/simulated-install.ts';

const first = '/opt/first';
const next = '/opt/next';

async function upgradable(t: ExecutionContext, conduct: Conduct): Promise<SimulatedHost> {
  const host = simulatedHost(testDirectory(t));
  host.program(first, '1.0.0');
  host.program(next, '2.0.0', conduct);
  t.true((await install(host, first, {})).ok);
  return host;
}

async function upgradeTo(host: SimulatedHost, file: string): Promise<UpgradeOutcome> {
  const seen = await facts(host, layout.program);
  const obstacle = obstacleToUpgrade(seen);
  return obstacle ? { reason: 'obstacle', obstacle } : upgrade(file, seen, host.ports(layout.program), () => {}, false);
}

/** Which version each of the places holds. */
function programs(host: SimulatedHost): Record<string, string | undefined> {
  const at = (file: string) => {
    const path = `${host.root}${file}`;
    return fs.existsSync(path) ? /version=(\S+)/.exec(fs.readFileSync(path, 'latin1'))?.[1] : undefined;
  };
  return {
    place: at(layout.program),
    kept: at(layout.keptProgram),
    previous: at(layout.previousProgram),
    candidate: at(layout.candidateProgram),
  };
}

test('a version that is well takes the place, and the old one is kept', async (t) => {
  const host = await upgradable(t, 'well');
  t.deepEqual(await upgradeTo(host, next), { reason: 'done', from: '1.0.0', to: '2.0.0' });
  t.deepEqual(programs(host), { place: '2.0.0', kept: undefined, previous: '1.0.0', candidate: undefined });
  t.deepEqual(host.running(), { version: '2.0.0', isInPlace: true });
  t.deepEqual(await upgradeTo(host, next), { reason: 'same', version: '2.0.0' });
  t.deepEqual(await upgradeTo(host, layout.previousProgram), { reason: 'done', from: '2.0.0', to: '1.0.0' });
  t.deepEqual(programs(host), { place: '1.0.0', kept: undefined, previous: '2.0.0', candidate: undefined });
});

test('an action under way may take its 80 s to end before the new one has its 60, and no longer than systemd lets it', async (t) => {
  const host = await upgradable(t, 'well');
  host.endingTakes(89_000);
  t.deepEqual(await upgradeTo(host, next), { reason: 'done', from: '1.0.0', to: '2.0.0' });
  t.deepEqual(host.running(), { version: '2.0.0', isInPlace: true });
  t.true((await install(host, layout.program, { mode: 'deploy' })).ok, 'the same where the mode is changed');
  host.endingTakes(1_000_000);
  const stuck = await install(host, layout.program, { mode: 'renew' });
  t.like(stuck, { failure: { why: { reason: 'not-healthy' } } });
  t.regex(JSON.stringify(stuck), /the one before \(process \d+\) has not ended after 100 s/);
});

for (const [conduct, why] of [
  ['crashes', /systemd started it 3 times/],
  ['never looks', /it has not looked yet, 60 s after its start|not installed/],
  ['its install fails', /its own reason/],
] as const) {
  test(`of a version that ${conduct} it goes back to the old one, which runs`, async (t) => {
    const host = await upgradable(t, conduct);
    const before = host.tree();
    const outcome = await upgradeTo(host, next);
    t.like(outcome, { reason: 'went-back', from: '1.0.0', to: '2.0.0', isJudged: true });
    t.regex(outcome.reason === 'went-back' ? outcome.why : '', conduct === 'its install fails' ? why : /./);
    t.deepEqual(host.tree(), before);
    t.deepEqual(host.running(), { version: '1.0.0', isInPlace: true });
    t.deepEqual(await open(host, layout.program), []);
  });
}

for (const conduct of ['well', 'crashes'] as const) {
  for (const moment of ['before', 'during', 'after'] as const) {
    test(`an upgrade to one that is ${conduct}, killed ${moment} any change, never loses the old program and is settled by the next run`, async (t) => {
      const whole = await upgradable(t, conduct);
      whole.neverKill();
      await upgradeTo(whole, next);
      const [changes, tree] = [whole.changes(), whole.tree()];
      t.true(changes > 4);
      for (let nth = 1; nth <= changes; nth++) {
        const host = await upgradable(t, conduct);
        host.killAt(nth, moment);
        await t.throwsAsync(upgradeTo(host, next), { instanceOf: Killed });
        host.neverKill();
        t.true(Object.values(programs(host)).includes('1.0.0'), `change ${nth}: the old program is there`);
        t.not(programs(host)['place'], undefined, `change ${nth}: a whole program is in its place`);
        const ports = host.ports(layout.program);
        const seen = await facts(host, layout.program);
        if (seen.places.has(layout.keptProgram)) {
          const settled = await settle(seen, ports, () => {});
          t.true(settled?.reason === 'done' || settled?.reason === 'went-back', `change ${nth}: ${settled?.reason}`);
        }
        const place = programs(host)['place'];
        t.deepEqual(host.running(), { version: place, isInPlace: true }, `change ${nth}: what is in place runs`);
        t.deepEqual(await open(host, layout.program), [], `change ${nth}: with its own units`);
        await upgradeTo(host, next);
        t.deepEqual(host.tree(), tree, `change ${nth}`);
        t.is(host.running()?.version, conduct === 'well' ? '2.0.0' : '1.0.0');
      }
    });
  }
}

test('the install that a killed upgrade had begun is waited for, and not for ever', async (t) => {
  const ports = simulatedHost(testDirectory(t)).ports(layout.program);
  const told: string[] = [];
  const waited = (ms: number) => {
    const end = ports.clock.monotonic() + ms;
    const isInstalling = () => ports.clock.monotonic() < end;
    return untilNobodyInstalls({ ...ports, isInstalling }, (line) => told.push(line));
  };
  t.true(await waited(0));
  t.deepEqual(told, []);
  t.true(await waited(200_000));
  t.deepEqual(told, ['wait for the end of an install that is under way']);
  t.false(await waited(1_000_000));
});

test('what is no program of an agent for this host is refused before anything changes', async (t) => {
  const host = await upgradable(t, 'well');
  const file = `${host.root}/opt/odd`;
  const of = async (bytes: Uint8Array | string) => {
    fs.writeFileSync(file, bytes);
    const before = host.tree();
    const outcome = await upgradeTo(host, '/opt/odd');
    t.deepEqual(host.tree(), before);
    return outcome.reason === 'unfit' ? outcome.unfit.reason : outcome.reason;
  };
  const elf = fs.readFileSync(`${host.root}${next}`);
  const patched = (at: number, byte: number) => Uint8Array.from(elf, (value, index) => (index === at ? byte : value));
  t.is(await of('#!/bin/sh\n'), 'not-a-program');
  t.is(await of(''), 'not-a-program');
  t.is(await of(patched(18, 183)), 'other-processor');
  t.is(await of(patched(4, 1)), 'other-processor');
  t.is(await of(elf.subarray(0, 64)), 'does-not-start');
  t.like(await upgradeTo(host, '/opt/nothing'), { reason: 'unfit', unfit: { reason: 'not-there' } });
});

test('a disk that is full at any moment of an upgrade leaves the old version in its place', async (t) => {
  for (const failing of [
    `copy ${layout.candidateProgram}`,
    `share ${layout.keptProgram}`,
    `rename ${layout.program}`,
  ]) {
    const host = await upgradable(t, 'well');
    const before = host.tree();
    host.failing((change) => (change === failing ? 'ENOSPC' : undefined));
    t.like(await upgradeTo(host, next), { reason: 'not-begun', failure: { reason: 'disk-full' } }, failing);
    t.deepEqual(host.tree(), before, failing);
    t.deepEqual(host.running(), { version: '1.0.0', isInPlace: true });
  }
});
