import { type Clock, every, type Log } from '../ports.ts';
import type { ChannelPorts } from './channel.ts';

interface SwitchNeeds {
  readSecret: ChannelPorts['readSecret'];
  /** Is all well: can things be kept, and is the fleet looked at? */
  isHealthy: () => Promise<boolean>;
  clock: Clock;
  log: Log;
}

const answerMs = 10_000;

/**
 * Asks for a URL as long as all is well: whoever waits for it there raises the alarm when the collector, its machine or its network is gone, which no message
 * from here could tell. Returns what ends it.
 */
export function keepPinging(
  { urlFile, everyMs }: { urlFile: string; everyMs: number },
  { readSecret, isHealthy, clock, log }: SwitchNeeds,
): () => void {
  let failing = false;
  let asking = false;
  const ping = async (): Promise<void> => {
    const reason = (await isHealthy()) ? await ask() : 'not healthy';
    if (reason !== undefined && !failing) log.warn({ reason }, "the dead man's switch was not reached");
    if (reason === undefined && failing) log.info({}, "the dead man's switch is reached again");
    failing = reason !== undefined;
  };
  const tick = () => {
    if (asking) return;
    asking = true;
    void ping()
      .catch(() => {})
      .finally(() => {
        asking = false;
      });
  };
  tick();
  return every(clock, everyMs, tick);

  async function ask(): Promise<string | undefined> {
    const url = await readSecret(urlFile);
    if (url === undefined || !/^https?:/.test(url) || !URL.canParse(url)) return `no URL in ${urlFile}`;
    try {
      const { status, body } = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(answerMs) });
      await body?.cancel();
      return status >= 200 && status < 300 ? undefined : `status ${status}`;
    } catch {
      return 'no answer';
    }
  }
}
