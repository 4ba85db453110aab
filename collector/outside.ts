import type { Config } from './config.ts';
import type { Clock, Log } from './ports.ts';
import type { Sessions } from './receive/sessions.ts';
import { keepTargets } from './scan/keep-targets.ts';
import { askVantage } from './scan/looked-target.ts';
import type { ReadAnswer } from './scan/answers.ts';
import type { Probe } from './scan/probe.ts';
import { connectLog } from './scan/transparency/get.ts';
import { keepLogs } from './scan/transparency/keep-logs.ts';
import { registeredDomains, watching } from './scan/transparency/watched-names.ts';
import type { EstateParts } from './serve/estate-parts.ts';
import { madeInTurn } from './serve/made-in-turn.ts';
import type { KeptEstate } from './serve/kept-estate.ts';
import type { Store } from './store/store.ts';

interface OutsideNeeds {
  config: Pick<Config, 'scanAllow' | 'transparency'>;
  store: Pick<Store, 'targets' | 'transparency' | 'lead'>;
  sessions: Pick<Sessions, 'current'>;
  probe: Probe;
  read: ReadAnswer;
  estate: Pick<KeptEstate, 'current' | 'overtaken'>;
  clock: Clock;
  log: Log;
  changed: () => void;
}

/** Looks at what is seen from outside: composes scan. Returns what stops it. */
export function startOutside(needs: OutsideNeeds): () => void {
  const { config, store, sessions, probe, read, estate, clock, log, changed } = needs;
  const { logs, domains, fleet, everyMs } = config.transparency;
  let leads = false;
  const stopLeading = store.lead(() => {
    leads = true;
    const stopLogs =
      logs.length > 0
        ? keepLogs({
            logs,
            everyMs,
            transparency: store.transparency,
            connect: (url) => connectLog(url, new Set(config.scanAllow), process.env),
            async watched() {
              const all = [
                ...domains,
                ...(fleet ? registeredDomains(await servedNames((await estate.current()).parts)) : []),
              ];
              return all.length > 0 ? watching(all) : undefined;
            },
            clock,
            log,
            changed,
          })
        : () => {};
    return () => {
      leads = false;
      stopLogs();
    };
  });
  const stopTargets = keepTargets({
    targets: store.targets,
    overtaken: estate.overtaken,
    askerOf({ vantage, vantageName = vantage }) {
      if (vantage === 'collector') return leads ? probe : undefined;
      const session = sessions.current(vantage);
      return session && ((target) => askVantage({ ...session, name: vantageName }, target, { read, clock }));
    },
    clock,
    log,
    changed,
  });
  return () => {
    stopTargets();
    stopLeading();
  };
}

/** Server names of endpoints that are proved. */
function servedNames({ hosts }: EstateParts): Promise<string[]> {
  return madeInTurn(hosts, ({ part }) =>
    part.endpoints.flatMap(({ status, serverName }) => (status === 'proved' ? [serverName] : [])),
  );
}
