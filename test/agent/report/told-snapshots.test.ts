import { createHash } from 'node:crypto';
import { AgentFrame, type SnapshotPart } from '@certherd/protocol/frame';
import type { Snapshot } from '@certherd/protocol/snapshot';
import { maxFrameBytes, maxSnapshotBytes } from '@certherd/protocol/version';
import test from 'ava';
import { Check } from 'typebox/value';
import { decide } from '../../../agent/decide/decide.ts';
import { snapshotFrames } from '../../../agent/report/snapshot-frames.ts';
import { createToldSnapshots } from '../../../agent/report/told-snapshots.ts';
import { silentLog } from '../../helpers/directory.ts';
import { config, endpoint, noon, observed } from '../../helpers/observed.ts';

function host(endpoints: number, name = 'site'): Snapshot {
  const list = Array.from({ length: endpoints }, (_, at) => endpoint({ id: `${name}-${at}@0.0.0.0:443/ecdsa` }));
  return decide(observed({ endpoints: list }), [], [], config(), noon).snapshot;
}

function told(snapshot: Snapshot) {
  const snapshots = createToldSnapshots(silentLog);
  snapshots.publish(snapshot, noon);
  const as = (version: number) => {
    const current = snapshots.current(version);
    if (!current) throw new Error('nothing is told');
    return { ...current, frames: snapshotFrames(current) };
  };
  return { newest: as(3), older: as(2) };
}

test('a snapshot that fits into a frame is the same for every version', (t) => {
  const { newest, older } = told(host(3));
  t.deepEqual(newest, older);
  t.is(newest.frames.length, 1);
});

test('a larger one goes whole, in parts that a frame holds, to a collector that takes parts, and reduced to an older one', (t) => {
  const snapshot = host(6000, 'Straße-😀"\\');
  const { newest, older } = told(snapshot);
  const parts = newest.frames.map((text): SnapshotPart => JSON.parse(text));
  t.true(parts.length > 2);
  t.true(newest.frames.every((text) => Buffer.byteLength(text) <= maxFrameBytes));
  t.true(parts.every((part) => Check(AgentFrame, part)));
  const whole = parts.map(({ text }) => text).join('');
  t.deepEqual(JSON.parse(whole), snapshot);
  t.is(createHash('sha256').update(whole).digest('hex'), newest.digest);

  t.is(older.frames.length, 1);
  t.not(older.digest, newest.digest);
  const reduced: { snapshot: Snapshot } = JSON.parse(older.frames[0] ?? '');
  t.is(reduced.snapshot.findings[0]?.code, 'snapshot-reduced');
});

test('beyond 8 MiB it is reduced for everybody', (t) => {
  const { newest } = told(host(30_000));
  t.true(Buffer.byteLength(newest.json) < maxSnapshotBytes);
  t.is((JSON.parse(newest.json) as Snapshot).findings[0]?.code, 'snapshot-reduced');
});

test('one that did not change is told as observed later, and not checked again', (t) => {
  const snapshots = createToldSnapshots(silentLog);
  let checked = 0;
  const snapshot = host(3);
  const observed: Snapshot = {
    get host() {
      checked += 1;
      return snapshot.host;
    },
    certificates: snapshot.certificates,
    files: snapshot.files,
    lineages: snapshot.lineages,
    servers: snapshot.servers,
    deployments: snapshot.deployments,
    endpoints: snapshot.endpoints,
    findings: snapshot.findings,
  };
  snapshots.publish(observed, noon);
  const first = snapshots.current(3);
  checked = 0;
  snapshots.publish(observed, noon + 300_000);
  t.is(checked, 1, 'written once, to be compared');
  t.deepEqual(snapshots.current(3), { ...first, observedAt: new Date(noon + 300_000).toISOString() });
  snapshots.publish({ ...snapshot, endpoints: [] }, noon + 600_000);
  t.not(snapshots.current(3)?.digest, first?.digest);
});
