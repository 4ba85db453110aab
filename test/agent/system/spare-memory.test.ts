import { spawnSync } from 'node:child_process';
import test from 'ava';

/** A process of its own: functions run once, and 24 MB are kept from collections until they are old, and then let go. */
const script = `
  import { getHeapCodeStatistics, getHeapStatistics } from 'node:v8';
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
  const compiled = () => getHeapCodeStatistics().bytecode_and_metadata_size;
  // Held, so that only their bytecode may go.
  const ran = Array.from({ length: 2000 }, (_, at) => Function('return [' + String(at).repeat(50) + ', 1, 2, 3].length > ' + at));
  for (const each of ran) each();
  let kept = grow();
  const most = held();
  kept = [];
  const [first, code] = [await rest(), compiled()];
  kept = grow();
  const grown = held();
  kept = [];
  const second = await rest();
  console.log(JSON.stringify({ most, first, grown, second, code, ran: ran.length, gc: typeof globalThis.gc }));
`;

test('at rest the heap gives back what was let go, again and again, and nobody else gets at the collector', (t) => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  const { most, first, grown, second, code, ran, gc } = JSON.parse(stdout || '{}') as Record<string, number>;
  t.true((most ?? 0) > 20 * 2 ** 20, stderr);
  t.is(String(gc), 'undefined');
  t.true((first ?? Infinity) < 0.6 * (most ?? 0), stdout);
  t.is(ran, 2000);
  // 875 KB where a single collection leaves it, 31 KB where they are thorough
  t.true((code ?? Infinity) < 200_000, `bytecode that ran once stays: ${stdout}`);
  t.true((second ?? Infinity) < 0.6 * (grown ?? 0), stdout);
});
