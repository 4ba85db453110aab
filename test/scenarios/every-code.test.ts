import { readdirSync, readFileSync } from 'node:fs';
import { FindingCode } from '@certherd/protocol/finding';
import test from 'ava';
import { explanations } from '../../agent/commands/explanations.ts';

/** No server can show these: there is none, what was seen is too much for one frame, or the fault is the agent's own place. */
const withoutServer = ['nothing-found', 'snapshot-reduced', 'sandbox-blocked'];

const scenarios = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.test.ts') && !import.meta.filename.endsWith(name))
  .map((file) => ({
    name: `scenarios/${file.replace(/\.test\.ts$/, '')}`,
    text: readFileSync(`${import.meta.dirname}/${file}`, 'utf8'),
  }));

test('every finding code has a scenario whose title begins with it, and its explanation names that', (t) => {
  const codes: readonly string[] = FindingCode.enum;
  t.true(codes.length > 30);
  for (const [code, { shownBy }] of Object.entries(explanations).filter(([code]) => !withoutServer.includes(code))) {
    const title = new RegExp(`[('"\`]\\s*(?:[a-z-]+ and )?${code}(?: and [a-z-]+)?(?: on \\w+)?: `);
    const looped = new RegExp(`\\bcode: '${code}'`);
    const showing = scenarios.filter(({ text }) => title.test(text) || looped.test(text)).map(({ name }) => name);
    t.true(showing.length > 0, `${code} has no scenario`);
    for (const name of showing) t.true(shownBy.split(', ').includes(name), `${code} does not name ${name}`);
  }
  t.deepEqual(Object.keys(explanations).sort(), codes.toSorted());
});
