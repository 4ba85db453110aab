import { parseArgs } from 'node:util';
import type { Played } from './replay/outage.ts';
import { outages } from './replay/outages.ts';
import { play } from './replay/play.ts';
import { summaryOf } from './replay/summary.ts';
import { columns } from './stage/columns.ts';
import { narrating } from './stage/narrator.ts';

const usage = `usage: npm run replay [-- --only NAME … --list --json]

Plays outages that somebody has written about once more, with the product in place: a real ACME CA (pebble), nginx, certbot, HAProxy where
the outage had one, agent and collector, each outage in a sandbox of its own with high ports on 127.0.0.1. It
prints how many seconds it took until it was detected, the cause and the remedy as they are told, and how many until that
had healed it, as handshakes from outside see it. What was read about them is in docs/replays.md.

  --only NAME   this one only; may be given several times
  --list        their names, and where they are told of
  --json        one JSON value on standard output: {version, outages: [{name, title, sources, detected, healed,
                detectedSeconds, code, cause, remedy, healedBy, healedSeconds, failure}]}; progress goes to standard error
  --help        this text

It needs what the tests need (scripts/setup test). Exit: 0 all were detected and healed; 1 one was not; 2 wrong usage. The
last line is "replay: N outages, M of them detected and healed".`;

const options = readOptions();
const all = outages();
if (options.list) {
  const named = all.map(({ name, title, sources }) => [name, title, sources.join(', ')]);
  for (const line of columns([['NAME', 'OUTAGE', 'TOLD IN'], ...named])) console.log(line);
  process.exit(0);
}
const unknown = options.only.find((name) => !all.some((one) => one.name === name));
if (unknown !== undefined) refuse(`${unknown} is not there; known are: ${all.map(({ name }) => name).join(', ')}`);
const chosen = options.only.length === 0 ? all : all.filter(({ name }) => options.only.includes(name));

const narrator = narrating(options.json ? process.stderr : process.stdout, () => performance.now());
const played: Played[] = [];
for (const [index, outage] of chosen.entries()) {
  narrator.title(`${index + 1} of ${chosen.length}  ${outage.name}: ${outage.title}`);
  narrator.plain(`  told in: ${outage.sources.join(', ')}`);
  played.push(await play(outage, narrator));
}
narrator.plain('');
const { lines, allHealed } = summaryOf(played);
for (const line of lines) narrator.plain(line);
if (options.json) process.stdout.write(`${JSON.stringify({ version: 1, outages: played }, null, 2)}\n`);
process.exitCode = allHealed ? 0 : 1;

function readOptions(): { only: string[]; list: boolean; json: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true, default: [] },
        list: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (!values.help) return values;
    console.log(usage);
    return process.exit(0);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function refuse(why: string): never {
  console.error(`replay: ${why}; see npm run replay -- --help`);
  return process.exit(2);
}
