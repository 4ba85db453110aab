import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openSandbox } from '../test/helpers/testbed/sandbox.ts';
import { type Narrator, narrating } from './stage/narrator.ts';
import { type Stage, setStage } from './stage/stage.ts';
import { showSummary, type Verdict } from './stage/summary.ts';
import { incident } from './steps/incident.ts';
import { inventory } from './steps/inventory.ts';
import { mismatch } from './steps/mismatch.ts';
import { outage } from './steps/outage.ts';
import { renewal } from './steps/renewal.ts';
import type { Step } from './steps/step.ts';

// The main job, played on real parts and proved from outside. See ./scripts/demo --help.

const steps: Step[] = [inventory, incident, renewal, mismatch, outage];

const options = readOptions();
const narrator = narrating(process.stdout, () => performance.now());
let lookingAround = false;
let interrupted = false;
const sandbox = openSandbox({
  ...(options.keep === undefined ? {} : { keep: options.keep }),
  onSignal: (signal) => void endedBy(signal),
});

narrator.title(`Certherd, the main job on real parts, in ${sandbox.directory}`);
const stage = await prepare();
const verdicts = stage
  ? await playAll(stage)
  : steps.map(({ name }) => ({ name, good: false, seconds: 0, text: 'not played' }));
if (!interrupted) await conclude();

function readOptions(): { once: boolean; keep?: string } {
  try {
    const { values } = parseArgs({
      options: { once: { type: 'boolean', default: false }, keep: { type: 'string' } },
    });
    return values;
  } catch (error) {
    console.error(`demo: ${reasonOf(error)}; see ./scripts/demo --help`);
    return process.exit(2);
  }
}

async function endedBy(signal: NodeJS.Signals): Promise<void> {
  interrupted = true;
  narrator.mute();
  console.log('\nending …');
  await sandbox.close();
  console.log(
    options.keep === undefined ? 'All is ended and removed.' : `All is ended; the logs are in ${options.keep}`,
  );
  process.exit(lookingAround ? process.exitCode : signal === 'SIGINT' ? 130 : 143);
}

/** The summary, the last line, and either the end or the page's address. */
async function conclude(): Promise<void> {
  const failed = verdicts.filter((verdict) => !verdict.good).map(({ name }) => name);
  process.exitCode = failed.length === 0 ? 0 : 1;
  if (stage) await showSummary(stage, narrator, verdicts);
  if (stage && failed.length > 0) showLogs(stage);
  const count = `${steps.length - failed.length} of ${steps.length} steps proved`;
  const lastLine = `demo: ${count}${failed.length > 0 ? `; failed: ${failed.join(', ')}` : ''}`;
  if (options.once || !stage) {
    await sandbox.close();
    console.log(lastLine);
    process.exit();
  }
  console.log(`${lastLine}\n\nLook around: ${stage.collector.webAddress}\nCtrl-C ends it all.`);
  lookingAround = true;
}

async function prepare(): Promise<Stage | undefined> {
  try {
    return await setStage(sandbox, narrator);
  } catch (error) {
    narrator.verdict(false, reasonOf(error));
    return undefined;
  }
}

async function playAll(on: Stage): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const [index, step] of steps.entries()) {
    if (interrupted) break;
    narrator.title(`${index + 1} of ${steps.length}  ${step.title}`);
    verdicts.push(await play(step, on, narrator));
  }
  return verdicts;
}

async function play(step: Step, on: Stage, to: Narrator): Promise<Verdict> {
  const started = performance.now();
  const verdict = await step.play(on, to).then(
    (text) => ({ good: true, text }),
    (error: unknown) => ({ good: false, text: reasonOf(error) }),
  );
  to.verdict(verdict.good, verdict.text);
  return { ...verdict, name: step.name, seconds: (performance.now() - started) / 1000 };
}

function showLogs(on: Stage): void {
  for (const [name, log] of [
    ['agent', on.agent.output()],
    ['collector', readFileSync(on.collector.logFile, 'utf8')],
  ]) {
    console.log(`\nThe last lines of the ${name}'s log (--keep DIR keeps it all):`);
    console.log(
      (log ?? '')
        .trimEnd()
        .split('\n')
        .slice(-12)
        .map((line) => `  ${line}`)
        .join('\n'),
    );
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
