import { type FSWatcher, mkdirSync, readdirSync, symlinkSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { watchFiles } from '../../agent/watch/file-changes.ts';
import type { Watched } from '../../agent/watch/directories.ts';
import { inotifyWatches } from '../../test/helpers/inotify.ts';
import { openSandbox } from '../../test/helpers/testbed/sandbox.ts';
import { changeToDecision } from './change-to-decision.ts';
import type { Bench, Goal } from './goal.ts';

const directories = 1000;
const filesIn = 5;
const kinds = ['cert', 'privkey', 'chain', 'fullchain'];

/** From a change of files to the decision that follows from it, and what watching 5,000 files in 1,000 directories takes. */
export const watching: Bench = async (progress) => {
  const decided = await changeToDecision(progress);
  const sandbox = openSandbox();
  try {
    const plain = plainTree(sandbox.folder('plain'));
    const certbot = certbotTree(sandbox.folder('letsencrypt'));
    return [
      ...decided,
      ...(await held(`${directories * filesIn} files in ${directories} directories`, plain, plain.length, progress)),
      ...(await held(
        `${directories} lineages of certbot, links and what they lead to`,
        [{ directory: join(certbot, 'live'), depth: 1 }],
        directories * 2 + 1,
        progress,
      )),
    ];
  } finally {
    await sandbox.close();
  }
};

/** Watches, time and memory of the agent's own watching, against a bare fs.watch on each of these directories. */
async function held(
  what: string,
  watched: Watched[],
  count: number,
  progress: (text: string) => void,
): Promise<Goal[]> {
  let failures = 0;
  const log = { debug: () => {}, info: () => {}, warn: () => void (failures += 1), error: () => {} };
  const changes = watchFiles(log, () => {});
  const ours = await cost(() => changes.watchOnly(watched));
  await changes.stop();
  if (failures > 0) throw new Error(`${failures} directories could not be watched`);
  const paths = watched.flatMap(({ directory, depth }) => directoriesBelow(directory, depth));
  const watchers: FSWatcher[] = [];
  const bare = await cost(() => watchers.push(...paths.map((path) => watch(path, () => {}))));
  for (const watcher of watchers) watcher.close();
  progress(`watching: ${what}: ${ours.watches} watches in ${Math.round(ours.ms)} ms`);
  const each = `fs.watch on ${bare.watches} directories`;
  return [
    {
      what: `${what}: inotify watches a directory`,
      unit: 'watches',
      ours: ours.watches / count,
      baseline: { what: 'one each', value: 1 },
      goal: { of: 'ratio', below: 1.1 },
      note: `${ours.watches} watches, ${count} directories`,
    },
    { what: `${what}: until watched`, unit: 'ms', ours: ours.ms, baseline: { what: each, value: bare.ms } },
    { what: `${what}: resident memory grows by`, unit: 'MB', ours: ours.mb, baseline: { what: each, value: bare.mb } },
  ];
}

async function cost(start: () => unknown): Promise<{ watches: number; ms: number; mb: number }> {
  const watches = inotifyWatches();
  const memory = process.memoryUsage.rss();
  const began = performance.now();
  await start();
  const ms = performance.now() - began;
  // a growth of nothing would make no ratio
  const mb = Math.max(0.1, (process.memoryUsage.rss() - memory) / 2 ** 20);
  return { watches: inotifyWatches() - watches, ms, mb };
}

function directoriesBelow(directory: string, depth: number): string[] {
  const below = depth === 0 ? [] : readdirSync(directory, { withFileTypes: true }).filter((one) => one.isDirectory());
  return [directory, ...below.flatMap(({ name }) => directoriesBelow(join(directory, name), depth - 1))];
}

function plainTree(root: string): Watched[] {
  return Array.from({ length: directories }, (_, index) => {
    const directory = join(root, String(index));
    mkdirSync(directory);
    for (let file = 0; file < filesIn; file += 1) writeFileSync(join(directory, `${file}.pem`), 'x');
    return { directory, depth: 0 };
  });
}

/** As certbot lays it out: four links and a README in each directory of live, four files in each of archive. */
function certbotTree(root: string): string {
  for (let index = 0; index < directories; index += 1) {
    const [live, archive] = [join(root, 'live', String(index)), join(root, 'archive', String(index))];
    for (const directory of [live, archive]) mkdirSync(directory, { recursive: true });
    writeFileSync(join(live, 'README'), 'x');
    for (const kind of kinds) {
      writeFileSync(join(archive, `${kind}1.pem`), 'x');
      symlinkSync(`../../archive/${index}/${kind}1.pem`, join(live, `${kind}.pem`));
    }
  }
  return root;
}
