import { parseArgs } from 'node:util';
import { openSandbox } from '../test/helpers/testbed/sandbox.ts';
import { differences, numbersOf } from './case-study/numbers.ts';
import { caseStudy } from './case-study/plan.ts';
import { playCaseStudy } from './case-study/stage.ts';
import { readEstate } from './stage/estate.ts';
import { narrating } from './stage/narrator.ts';

// The case study's estate on a real collector. See ./scripts/demo --help.

const options = readOptions();
const narrator = narrating(process.stdout, () => performance.now());
const sandbox = openSandbox({
  ...(options.keep === undefined ? {} : { keep: options.keep }),
  onSignal: (signal) => void ended(signal),
});
let ending = false;

narrator.title(`Certherd, the case study's estate (seed ${options.seed}), in ${sandbox.directory}`);
const played = await playCaseStudy(sandbox, narrator, options.seed).catch(async (error: unknown) => {
  if (ending) return new Promise<never>(() => {});
  narrator.verdict(false, error instanceof Error ? error.message : String(error));
  await sandbox.close();
  return process.exit(1);
});
const wrong = await check(played.webAddress);
narrator.verdict(wrong.length === 0, wrong.length === 0 ? "the numbers are the case study's" : wrong.join('; '));
process.exitCode = wrong.length === 0 ? 0 : 1;
if (options.once) {
  await played.close();
  await sandbox.close();
  process.exit();
}
console.log(`\nLook around: ${played.webAddress}\nCtrl-C ends it all.`);

/** Reads the estate and each certificate as any script would, and counts. */
async function check(webAddress: string): Promise<string[]> {
  const estate = await readEstate(webAddress);
  const leaves = estate.certificates.filter(({ isAuthority }) => !isAuthority);
  const pems = await Promise.all(
    leaves.map(async ({ fingerprint }) => {
      const answer = await fetch(new URL(`/api/v1/certificates/${fingerprint}/pem`, webAddress));
      return answer.ok ? answer.text() : Promise.reject(new Error(`the PEM of ${fingerprint}: ${answer.status}`));
    }),
  );
  const numbers = numbersOf(estate, pems, Date.parse(estate.at));
  narrator.plain(
    `\n  ${numbers.certificates} certificates, ${numbers.domains} domains, ${numbers.authorities} CAs, ${numbers.ended} ended, ${numbers.endingIn30Days} end within 30 days`,
  );
  const { hosts, endpoints, findings, listed } = estate;
  narrator.plain(
    `  ${hosts.length} hosts, ${endpoints.length} endpoints, ${findings.length} findings, ${listed.length} rows of a sheet\n`,
  );
  if (listed.length !== caseStudy.certificates) return [`the sheet has ${listed.length} rows`];
  return differences(numbers);
}

async function ended(signal: NodeJS.Signals): Promise<void> {
  ending = true;
  narrator.mute();
  console.log('\nending …');
  await sandbox.close();
  process.exit(process.exitCode ?? (signal === 'SIGINT' ? 130 : 143));
}

function readOptions(): { once: boolean; seed: number; keep?: string } {
  try {
    const { values } = parseArgs({
      options: {
        estate: { type: 'string' },
        once: { type: 'boolean', default: false },
        seed: { type: 'string', default: '1' },
        keep: { type: 'string' },
      },
    });
    const { once, keep } = values;
    if (values.estate !== 'case-study') throw new Error(`--estate: expected case-study, found ${values.estate}`);
    const seed = Number(values.seed);
    if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed: expected a whole number');
    return { once, seed, ...(keep !== undefined && { keep }) };
  } catch (error) {
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}; see ./scripts/demo --help`);
    return process.exit(2);
  }
}
