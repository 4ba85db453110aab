import test from 'ava';
import { atOnce, type Steps } from '../../../agent/formats/steps.ts';
import { nginxSteps } from '../../../agent/observe/nginx-servers.ts';
import { inSlices, slices } from '../../../agent/observe/slices.ts';
import type { Files } from '../../../agent/ports.ts';

function* counting(to: number): Steps<number> {
  for (let step = 0; step < to; step++) yield;
  return to;
}

test('others have their turn as often as a slice is over, and not in between', async (t) => {
  let now = 0;
  let turns = 0;
  const clock = { monotonic: () => now++ };
  let working = true;
  const turn = () => {
    turns++;
    if (working) setImmediate(turn);
  };
  setImmediate(turn);
  t.is(await inSlices(slices(clock), counting(1000)), 1000);
  working = false;
  // each question costs a millisecond of this clock, and a slice has four
  t.true(turns >= 100 && turns <= 300, `${turns}`);
  t.is(await inSlices(slices({ monotonic: () => 0 }), counting(1000)), 1000);
  t.is(atOnce(counting(3)), 3);
});

test('reading a config stops after each file, inside a large one, and between its server blocks', (t) => {
  const site = (name: string) => `server { listen 443 ssl; server_name ${name}.test; ssl_certificate a; }\n`;
  const main = `events {}\nhttp { ssl_certificate_key k;\ninclude sites/*;\n${site('main').repeat(5000)}}\n`;
  const names = Array.from({ length: 300 }, (_, index) => `${index}`).sort();
  const content = (text: string) => ({
    ok: true as const,
    value: { bytes: Buffer.from(text), modifiedAt: 0, mode: 0o644 },
  });
  const files: Files = {
    read: (path) => content(path === '/n/nginx.conf' ? main : site(path.slice('/n/sites/'.length))),
    list: () => ({ ok: true, value: names }),
    resolve: (path) => ({ ok: true, value: path }),
    linkChangedAt: () => ({ ok: true, value: 0 }),
  };
  const steps = nginxSteps(files, '/n/nginx.conf');
  let stops = 0;
  let step = steps.next();
  for (; !step.done; step = steps.next()) stops++;
  t.is(step.value.server.failure, undefined);
  t.is(step.value.deployments.length, 5300);
  t.true(stops > names.length + main.length / 10_000 + 5300 / 100, `${stops}`);
});
