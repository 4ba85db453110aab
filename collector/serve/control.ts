import { chmodSync, rmSync } from 'node:fs';
import Fastify from 'fastify';
import { messageOf, startFailure } from '../failure.ts';
import { addBackup, type BackupNeeds } from './control-backup.ts';
import { addControlCampaigns, type ControlCampaignNeeds } from './campaigns/control.ts';
import { addRequests, type ControlRequestNeeds } from './control-requests.ts';
import { controlPath } from './control-path.ts';
import { sendProblem } from './problem.ts';

export interface ControlNeeds extends Omit<BackupNeeds, 'copyTo'>, ControlRequestNeeds, ControlCampaignNeeds {
  /** undefined: the database is a server's, which makes backups itself. */
  copyTo: BackupNeeds['copyTo'] | undefined;
}

/**
 * What commands on this machine ask of the serving process: HTTP on a unix socket in the data directory. Whoever may enter that directory (0700) has
 * the database itself; no other authorisation is asked for. Nothing of it is on the page's listener.
 */
export async function openControl(needs: ControlNeeds): Promise<{ close: () => Promise<void> }> {
  const { directory, log, copyTo } = needs;
  const app = Fastify({ logger: false, forceCloseConnections: true, bodyLimit: 16 * 1024 });
  app.setNotFoundHandler((_, reply) =>
    sendProblem(reply, 404, 'Not Found', 'The serving collector does not know this: is it of another version?'),
  );
  app.setErrorHandler((error, _, reply) => {
    log.error({ detail: messageOf(error) }, 'a command of this machine failed');
    return sendProblem(reply, 500, 'Internal Server Error', messageOf(error));
  });
  if (copyTo) addBackup(app, { ...needs, copyTo });
  addRequests(app, needs);
  addControlCampaigns(app, needs);
  const { path, close } = controlPath(directory);
  try {
    // Whoever holds the directory's lock is alone: what is there was left by a process that was killed.
    rmSync(path, { force: true });
    await app.listen({ path });
    chmodSync(path, 0o600);
  } catch (error) {
    await app.close();
    close();
    throw startFailure(`${directory}: no socket can be made there (${messageOf(error)}): choose another with --data`);
  }
  return {
    async close() {
      await app.close();
      close();
    },
  };
}
