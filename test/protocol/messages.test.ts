import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentFrame, CollectorFrame, type Hello } from '@certherd/protocol/frame';
import { framesSince, oldestProtocolVersion, protocolVersion } from '@certherd/protocol/version';
import test from 'ava';
import type { TSchema } from 'typebox';
import { readCollectorFrame } from '../../agent/report/frames.ts';
import { createFrameReader, type FrameReader } from '../../collector/receive/frames.ts';
import { startTestCollector } from '../collector/helpers/real-collector.ts';
import { begin, enrol } from '../collector/helpers/wire-agent.ts';
import { until } from '../helpers/testbed/until.ts';

interface Message {
  type: string;
  [field: string]: unknown;
}

const folder = join(import.meta.dirname, '../fixtures/messages');
const versions = readdirSync(folder)
  .filter((name) => name.startsWith('v'))
  .map((name) => Number(name.slice(1)))
  .sort((a, b) => a - b);
const namesOf = (version: number) =>
  readdirSync(join(folder, `v${version}`)).map((file) => file.replace(/\.json$/, ''));
const message = (version: number, name: string): Message =>
  JSON.parse(readFileSync(join(folder, `v${version}`, `${name}.json`), 'utf8'));
const schemasOf = (union: { anyOf: TSchema[] }) =>
  new Map(union.anyOf.map((schema) => [typeOf(schema), schema] as const));
const agentFrames = schemasOf(AgentFrame);
const collectorFrames = schemasOf(CollectorFrame);

/** SHA-256 of names and bytes. Somebody speaks these versions: what is not read any more is a mistake of the reader's, and not of the frame's. */
const asTheyWere: Readonly<Record<number, string>> = {
  1: '4354bdc46da454c39f27f5229313b6e31168f8aa2837e3543ecfbabdacdba382',
  2: '75ba4fa4979b6bf9defd9c2a098865bd0c5662326d90598913af4fbbdfe560a3',
  3: '76c3b3ba62cc31365b7c076be26057b5a9632864edd285bb344a7c3ee0ac3ece',
  4: 'f3ea32faa36d551e42c08c1e7a896c75c50250c505007ab9c0ce5b9c056e73b4',
  5: 'da4fb6441a4403e9852b1f67a316f6bb5e7528be8c6f9328cdf92979bce8138a',
};

test('no frame of a version before the newest one was edited', (t) => {
  t.deepEqual(Object.keys(asTheyWere).map(Number), versions.slice(0, -1));
  for (const version of versions.slice(0, -1)) {
    const hash = createHash('sha256');
    for (const file of readdirSync(join(folder, `v${version}`)).sort())
      hash.update(`${file}\n`).update(readFileSync(join(folder, `v${version}`, file)));
    t.is(hash.digest('hex'), asTheyWere[version] ?? '', `version ${version}`);
  }
});

test('there are messages of each version, and of each version every frame that it has', (t) => {
  t.is(versions[0], 1);
  t.is(versions.at(-1), protocolVersion);
  t.true(versions.includes(oldestProtocolVersion));
  for (const version of versions) {
    const expected = [...new Set([...agentFrames.keys(), ...collectorFrames.keys()])].filter(
      (type) => (framesSince[type] ?? 1) <= version,
    );
    t.deepEqual(
      namesOf(version)
        .filter((name) => !name.includes('.'))
        .sort(),
      expected.sort(),
      `version ${version}`,
    );
    for (const name of namesOf(version)) t.is(message(version, name).type, name.replace(/\..*/, ''));
  }
});

for (const version of versions.filter((one) => one >= oldestProtocolVersion)) {
  test(`today's agent and collector read every frame of version ${version}, and lose nothing of it`, (t) => {
    const readAgentFrame = createFrameReader();
    for (const name of namesOf(version)) {
      const one = message(version, name);
      if (agentFrames.has(one.type))
        t.deepEqual(whole(readAgentFrame(JSON.stringify(one))), { ok: true, value: one }, name);
      if (collectorFrames.has(one.type)) t.deepEqual(readCollectorFrame(JSON.stringify(one)) as unknown, one, name);
    }
  });

  test(`a session in version ${version} is kept and shown, words that are unknown today included, and brings nothing that is newer`, async (t) => {
    const collector = await startTestCollector(t);
    const join_ = await collector.join();
    const hello: unknown = message(version, 'hello');
    const { minVersion, maxVersion, epoch, snapshotDigest } = hello as Required<Hello>;
    const wire = await begin(join_, await enrol(join_, 'web-1'), { minVersion, maxVersion, epoch, snapshotDigest });
    t.is(wire.welcome.version, version);
    const seen: Message[] = [wire.challenge, wire.welcome];
    wire.send(message(version, 'snapshot'));
    wire.send(message(version, 'heartbeat.least'));
    for (const name of ['events', 'events.least', 'events.unknown-kind']) {
      wire.send(message(version, name));
      seen.push(await wire.next('ack'));
    }
    wire.send(message(version, 'heartbeat'));
    seen.push(await wire.next('want-snapshot'));
    const full = await until('the snapshot is shown', async () => {
      const estate = await collector.estate();
      return estate.findings.length > 0 && estate;
    });
    t.is(full.events[0]?.kind, 'not-in-this-version' as never);
    const [told] = (message(version, 'snapshot').snapshot as { endpoints: { reachedAt: object }[] }).endpoints;
    // whether all places serve it is nothing that one host could tell
    const reachedAt = { ...told?.reachedAt, 'served-everywhere': undefined };
    t.like(full.endpoints[0], { ...told, reachedAt });
    wire.send(message(version, 'snapshot.unknown-code'));
    await until('the unknown code is shown', async () => {
      const estate = await collector.estate();
      return estate.findings.some(({ code }) => code === ('not-in-this-version' as never));
    });
    seen.push(await wire.next('heartbeat'));
    for (const frame of seen) {
      const golden = message(version, frame.type);
      t.deepEqual(
        Object.keys(frame).filter((field) => !(field in golden)),
        [],
        `an agent of version ${version} would not know this ${frame.type}`,
      );
    }
  });
}

test('the newest version has a message with every field that its schemas know, and one with only those that must be', (t) => {
  for (const [type, schema] of [...agentFrames, ...collectorFrames]) {
    const names = namesOf(protocolVersion);
    t.deepEqual(missing(schema, message(protocolVersion, type), type), [], type);
    if (optional(schema)) t.true(names.includes(`${type}.least`), `${type} has optional fields`);
  }
});

/** With events as they were told, in the place of how they are kept. */
function whole(read: ReturnType<FrameReader>): unknown {
  if (!read.ok || read.value.type !== 'events') return read;
  const events = read.value.events.map(({ body }): unknown => JSON.parse(body));
  return { ok: true, value: { ...read.value, events } };
}

function typeOf(schema: TSchema): string {
  const { properties } = schema as { properties?: { type?: { const?: string } } };
  return properties?.type?.const ?? '';
}

interface Shape {
  properties?: Record<string, TSchema>;
  required?: string[];
  items?: TSchema;
}

/** Paths of fields that no value at that place has. */
function missing(schema: TSchema, value: unknown, path: string): string[] {
  const { properties, items }: Shape = schema;
  if (items) {
    const each = (value as unknown[]).map((one) => missing(items, one, `${path}[]`));
    return (each[0] ?? []).filter((field) => each.every((fields) => fields.includes(field)));
  }
  return Object.entries(properties ?? {}).flatMap(([field, one]) => {
    const inner = (value as Record<string, unknown>)[field];
    return inner === undefined ? [`${path}.${field}`] : missing(one, inner, `${path}.${field}`);
  });
}

function optional(schema: TSchema): boolean {
  const { properties = {}, required = [], items }: Shape = schema;
  if (items) return optional(items);
  return Object.entries(properties).some(([field, one]) => !required.includes(field) || optional(one));
}
