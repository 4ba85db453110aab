import { randomUUID } from 'node:crypto';
import fc from './properties.ts';

const names = [
  'shop',
  'SHOP',
  'shop ',
  ' shop',
  'shop\n',
  'shop\u0000',
  'shop/../shop',
  '../shop',
  '/etc/shadow',
  '.',
  '..',
  '',
  '--help',
  '-h',
  '--config-dir=/tmp',
  '--pre-hook=id',
  '-c',
  '$(id)',
  '`id`',
  ';id',
  '|id',
  '&& id',
  '%s',
  '\u202eshop',
  'nginx',
  'apache',
  'haproxy',
  'other',
  'web-1',
  'constructor',
  '__proto__',
  'toString',
  'x'.repeat(9001),
  '\u001b[2J',
];
const verbs = ['rescan', 'verify', 'reload', 'renew', 'restore', 'rehearse'];
const verb = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...verbs) },
  {
    weight: 2,
    arbitrary: fc.oneof(fc.constantFrom('exec', 'run', 'act', 'RENEW', 'constructor', ''), fc.string(), fc.jsonValue()),
  },
);
const name = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...names) }, fc.string(), fc.jsonValue());
const kind = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('host', 'server', 'file', 'lineage', 'deployment', 'endpoint') },
  fc.string(),
);
const shape = {
  type: fc.constant('request'),
  id: fc.oneof(
    { weight: 8, arbitrary: fc.uuid() },
    fc.constantFrom('00000000-0000-4000-8000-000000000000', '', '../../x', 'x'.repeat(100_000)),
    fc.jsonValue(),
  ),
  verb,
  subject: fc.oneof({ weight: 8, arbitrary: fc.record({ kind, id: name }) }, fc.jsonValue()),
  requester: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('ann', '<!channel>', '=cmd()', '\u001b]0;x\u0007') },
    fc.string(),
  ),
  reason: fc.oneof({ weight: 8, arbitrary: fc.string() }, fc.constant('y'.repeat(5000))),
  withinSeconds: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 3600 }) }, fc.double(), fc.jsonValue()),
};
/** Keys that a sloppy reader would follow: JSON.parse makes `__proto__` a key like any other. */
const more = fc.constantFrom(
  '',
  '"command":["id"],',
  '"__proto__":{"verb":"renew"},',
  '"constructor":{"prototype":{"mode":"renew"}},',
);
const request = fc
  .tuple(fc.oneof({ weight: 6, arbitrary: fc.record(shape) }, fc.record(shape, { requiredKeys: ['type'] })), more)
  .map(([frame, keys]) => JSON.stringify(frame).replace('{', `{${keys}`));
const anything = fc.oneof(
  fc.json(),
  fc.string(),
  fc.constantFrom('', '[]', 'null', '{', '{"type":"request"}', '[['.repeat(5000), '{"type":"want-snapshot"}'),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);

/** Frames as a collector that means harm would send them: requests of every shape mostly, text and bytes of any kind. */
export function hostileFrames(count: number, seed: number): (string | Buffer)[] {
  return fc.sample(fc.oneof({ weight: 9, arbitrary: request }, { weight: 1, arbitrary: anything }), {
    numRuns: count,
    seed,
  });
}

/** Lines for the standard input of `act`, in which a verb and a lineage are written in every wrong way. */
export function hostileLines(count: number, seed: number): string[] {
  const asked = fc.record({ verb, lineage: name, server: name }, { requiredKeys: ['verb'] });
  const line = fc.tuple(asked, more).map(([value, keys]) => JSON.stringify(value).replace('{', `{${keys}`));
  return fc.sample(fc.oneof({ weight: 8, arbitrary: line }, fc.json(), fc.string()), { numRuns: count, seed });
}

/** The same frame as a new wish, where it has an id. */
export function anew(frame: string | Buffer): string | Buffer {
  return typeof frame === 'string' ? frame.replace(/"id":"[0-9a-f-]{36}"/, `"id":"${randomUUID()}"`) : frame;
}

/** What a well-meaning collector would send. */
export function wish(verb: string, kind: string, id: string): string {
  const subject = { kind, id };
  const more = { requester: 'ann', reason: 'a test', withinSeconds: 600 };
  return JSON.stringify({ type: 'request', id: randomUUID(), verb, subject, ...more });
}
