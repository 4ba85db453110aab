import { join } from 'node:path';

// Files of the first folders take minutes and mostly wait, those of the last ones milliseconds: nothing long is left for the end.
const longestFirst = ['integration', 'scenarios', 'package', 'deploy', 'scripts', 'docs', 'collector', 'command-line'];

export default {
  extensions: ['ts'],
  files: ['test/**/*.test.ts'],
  workerThreads: false,
  concurrency: 4,
  timeout: '3m',
  sortTestFiles: (one, other) => rank(one) - rank(other) || one.localeCompare(other, 'en'),
  // Each worker, and each agent and collector that a test starts, would strip and compile the same thousand sources anew.
  environmentVariables: { NODE_COMPILE_CACHE: join(import.meta.dirname, '.cache', 'compiled') },
};

function rank(file) {
  const [, folder] = /[\\/]test[\\/]([^\\/]+)/.exec(file.slice(import.meta.dirname.length)) ?? [];
  const place = longestFirst.indexOf(folder);
  return place === -1 ? longestFirst.length : place;
}
