import test from 'ava';
import { reconnectDelay } from '../../../agent/report/reconnect.ts';
import { backlog } from '../../../collector/listen.ts';
import { restartHint } from '../../../collector/receive/listener.ts';
import { storm } from './storm.ts';

const before = (failures: number, random: number) => random * Math.min(300, 2 ** Math.min(failures, 9)) * 1000;

test('10,000 agents are back within a minute of a crash, and the collector hardly waits for them', (t) => {
  const crash = { agents: 10_000, workMs: 4.6, downMs: 3_000, places: backlog };
  const now = storm({ ...crash, delay: reconnectDelay });
  t.true(now.allBackMs < 60_000, `${now.allBackMs} ms`);
  t.true(now.idleMs < 10_000, `${now.idleMs} ms`);
  t.true(storm({ ...crash, delay: before }).allBackMs > 75_000, 'as it was with a ceiling that doubled at once');
});

test('10,000 agents are back after a restart in good order as soon as after a crash, however long it takes', (t) => {
  for (const downMs of [2_000, 4_000, 10_000]) {
    const restart = { agents: 10_000, workMs: 4.6, downMs, places: backlog, delay: reconnectDelay };
    const { allBackMs, idleMs } = storm({ ...restart, told: () => restartHint(restart.agents) });
    t.true(allBackMs < 58_000, `${allBackMs} ms, 46,000 at best`);
    t.true(idleMs < 12_000, `${idleMs} ms`);
  }
});

test('a collector that has a tenth of a core takes its fleet back before the long waits begin', (t) => {
  const { allBackMs } = storm({ agents: 2_000, workMs: 50, downMs: 5_000, places: backlog, delay: reconnectDelay });
  t.true(allBackMs < 130_000, `${allBackMs} ms, 100,000 at best`);
});
