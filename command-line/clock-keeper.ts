import { type Diagnosis, notTold, ok, wrong } from './diagnosis.ts';

/** Who keeps a host's clock, by files and processes: no program is asked. */
export interface ClockKeeper {
  /** "systemd-timesyncd", "chronyd" …; absent where none is seen. */
  name?: string;
  /** timesyncd alone leaves a file that says so. */
  synchronized?: boolean;
  /** Processes of others are hidden from this user. */
  hidden: boolean;
}

/** timesyncd has the time of a server while this file is there. */
export const synchronizedFile = '/run/systemd/timesync/synchronized';

/** As the kernel knows them: 15 characters at most. */
const keepers = ['systemd-timesyn', 'chronyd', 'ntpd', 'ntpsec', 'openntpd', 'timemaster', 'ptp4l', 'phc2sys'];

/** The keeper among the names of the processes that run (/proc/PID/comm). */
export function keeperAmong(names: ReadonlySet<string>): string | undefined {
  const found = keepers.find((name) => names.has(name));
  return found === 'systemd-timesyn' ? 'systemd-timesyncd' : found;
}

/** How the clock is set right, and kept so. */
export const keepClock = 'timedatectl set-ntp true';

/** Does something keep the clock right? `why` it matters is the program's to say. */
export function judgeKeeper({ name, synchronized, hidden }: ClockKeeper, why: string): Diagnosis {
  if (name === undefined && hidden)
    return notTold('clock-kept', 'who keeps the clock is not told: processes of others are hidden');
  if (name === undefined)
    return notTold(
      'clock-kept',
      'nothing that keeps the clock is seen to run; a container or VM may have it from its host',
      {
        fix: keepClock,
      },
    );
  if (synchronized === false)
    return wrong(
      'clock-kept',
      `${name} runs, and has not reached a time server since it was started`,
      why,
      'timedatectl timesync-status',
    );
  return ok('clock-kept', `${name} keeps it${synchronized === true ? ', and has the time of a server' : ''}`);
}
