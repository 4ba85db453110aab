import { openSandbox } from '../../test/helpers/testbed/sandbox.ts';
import type { Bench } from './goal.ts';
import { agedHistory } from './store/aged-history.ts';
import { backupUnderLoad } from './store/backup-under-load.ts';
import { durableIngest } from './store/durable-ingest.ts';

/**
 * The collector's database: what a row of history takes, how fast the current state and one certificate's history are read from a long one, what a
 * snapshot costs on it, events kept durably, and a backup while they come. 1 million rows of history; --whole: 10 million.
 */
export const store: Bench = async function* (progress, whole) {
  const sandbox = openSandbox();
  try {
    yield* await agedHistory(sandbox.folder('aged'), sandbox.folder('young'), whole ? 50_000 : 5_000, progress);
    yield* await durableIngest(sandbox.folder('ingest'), progress);
    yield* await backupUnderLoad(sandbox.folder('backup'), progress);
  } finally {
    await sandbox.close();
  }
};
