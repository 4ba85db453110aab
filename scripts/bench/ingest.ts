import { openSandbox } from '../../test/helpers/testbed/sandbox.ts';
import type { Bench } from './goal.ts';
import { durableIngest } from './ingest/durable.ts';
import { postgresIngest } from './ingest/postgres.ts';
import { validatedIngest } from './ingest/validated.ts';

/** What it costs the collector to take what agents tell, on real sockets. `store` measures the same without sockets, and a backup meanwhile. */
export const ingest: Bench = async (progress) => {
  const sandbox = openSandbox();
  try {
    return [
      ...(await validatedIngest(progress)),
      ...(await durableIngest(sandbox.folder('ingest'), progress)),
      ...(await postgresIngest(sandbox, progress)),
    ];
  } finally {
    await sandbox.close();
  }
};
