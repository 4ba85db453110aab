import { spawnSync } from 'node:child_process';
import test from 'ava';

/** A process of its own: 24 MB are kept from collections until they are old, and then let go. */
const script = `
  import { getHeapStatistics } from 'node:v8';
  import { spareMemory } from './agent/system/spare-memory.ts';
  const held = () => getHeapStatistics().total_physical_size;
  const grow = () => Array.from({ length: 300_000 }, (_, at) => ({ at, more: { at } }));
  const rest = async () => {
    atRest();
    atRest();
    await new Promise((resolve) => setTimeout(resolve, 50));
    return held();
  };
  const atRest = spareMemory(1);
  let kept = grow();
  const most = held();
  kept = [];
  const first = await rest();
  kept = grow();
  const grown = held();
  kept = [];
  const second = await rest();
  console.log(JSON.stringify({ most, first, grown, second, gc: typeof globalThis.gc }));
`;

test('at rest the heap gives back what was let go, again and again, and nobody else gets at the collector', (t) => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  const { most, first, grown, second, gc } = JSON.parse(stdout || '{}') as Record<string, number>;
  t.true((most ?? 0) > 20 * 2 ** 20, stderr);
  t.is(String(gc), 'undefined');
  t.true((first ?? Infinity) < 0.6 * (most ?? 0), stdout);
  t.true((second ?? Infinity) < 0.6 * (grown ?? 0), stdout);
});
