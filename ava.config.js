import { join, relative } from 'node:path';

/** Files whose path in test/ begins so, the longest ones first: some take minutes and mostly wait, most take milliseconds, and nothing long is left for the end. */
const order = [
  // It builds the image of all guests, where there is none: the others, further down, would wait for it.
  'integration/guest-service',
  'integration/renewal-information',
  'integration/healthy-renewals',
  'integration/',
  'scenarios/',
  'integration/guest.',
  'integration/doctor-guest',
  'package/',
  'deploy/',
  'scripts/',
  'docs/',
  'collector/',
];

export default {
  extensions: ['ts'],
  files: ['test/**/*.test.ts'],
  workerThreads: false,
  concurrency: 4,
  timeout: '3m',
  sortTestFiles: (one, other) => place(one) - place(other) || one.localeCompare(other, 'en'),
  // Each worker, and each agent and collector that a test starts, would strip and compile the same thousand sources anew. Guests see them elsewhere.
  environmentVariables: {
    NODE_COMPILE_CACHE: join(import.meta.dirname, '.cache', 'compiled'),
    NODE_COMPILE_CACHE_PORTABLE: '1',
  },
};

/** Where a file is in the order: at the longest beginning that fits, or behind all. */
function place(file) {
  const path = relative(join(import.meta.dirname, 'test'), file);
  const fitting = order.filter((beginning) => path.startsWith(beginning));
  const [longest = ''] = fitting.toSorted((one, other) => other.length - one.length);
  return longest === '' ? order.length : order.indexOf(longest);
}
