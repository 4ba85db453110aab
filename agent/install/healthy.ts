import type { Result } from '@certherd/protocol/failure';
import Type from 'typebox';
import { checkedJson } from '../formats/checked-json.ts';
import { readUnitProperties } from '../formats/unit-properties.ts';
import type { InstallPorts } from './install-ports.ts';
import * as layout from './layout.ts';

/** So long an agent has to look for the first time. */
const healthyMs = 60_000;
/** So long its predecessor may take to end, with an action under way: more than the 90 s of its unit. */
const formerMs = 100_000;
const betweenMs = 500;
/** It is seen well twice, this far apart: what crashes right after its first look is not well. */
const againMs = 2_000;
/** systemd started it again so often: waiting longer would not help. */
const hopelessRestarts = 3;

/** What of `certherd-agent status --json` counts here. Other versions write more, and this stays. */
const Said = Type.Object({
  pid: Type.Integer(),
  running: Type.Boolean(),
  agentVersion: Type.String(),
  lookedAt: Type.Optional(Type.String()),
});

/**
 * Waits until the installed program is well: systemd calls it active, and as the same process and in this version it says itself that it has
 * completed a look. `formerPid` is a process that does not count, one that is being stopped: its end is waited for first. The failure is what
 * was seen last, raw.
 */
export async function untilHealthy(
  { programs, clock }: Pick<InstallPorts, 'programs' | 'clock'>,
  systemctl: string,
  version: string,
  formerPid?: number,
): Promise<Result<{ pid: number }, string>> {
  const pause = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const began = clock.monotonic();
  let formerEndedAt = formerPid === undefined ? began : undefined;
  const isInTime = () =>
    clock.monotonic() - (formerEndedAt ?? began) < (formerEndedAt === undefined ? formerMs : healthyMs);
  let wellSince: { pid: number; at: number } | undefined;
  let seen = 'it did not start';
  let fewest = Number.POSITIVE_INFINITY;
  while (isInTime()) {
    const unit = await unitOf(programs, systemctl);
    const pid = Number(unit?.get('MainPID') ?? 0);
    if (unit && pid !== formerPid) formerEndedAt ??= clock.monotonic();
    const restarts = Number(unit?.get('NRestarts') ?? 0);
    // systemd counts over months, and from nothing again when it is told to start.
    fewest = Math.min(fewest, restarts);
    if (restarts - fewest >= hopelessRestarts)
      return { ok: false, failure: `systemd started it ${hopelessRestarts} times, and each time it ended` };
    // It is not started again: its exit code says that a person is wanted, or systemd has given up.
    if (unit?.get('ActiveState') === 'failed')
      return { ok: false, failure: 'it ended, and systemd does not start it again' };
    const isUp = unit?.get('ActiveState') === 'active' && pid > 0 && pid !== formerPid;
    const answer = isUp ? await whatIsWrong(programs, pid, version) : undefined;
    if (isUp && answer === undefined) {
      if (wellSince?.pid !== pid) wellSince = { pid, at: clock.monotonic() };
      else if (clock.monotonic() - wellSince.at >= againMs) return { ok: true, value: { pid } };
    } else {
      wellSince = undefined;
      seen = answer ?? `systemd calls it ${unit?.get('ActiveState') ?? 'unknown'}`;
    }
    await pause(betweenMs);
  }
  return {
    ok: false,
    failure:
      formerEndedAt === undefined
        ? `the one before (process ${formerPid}) has not ended after ${formerMs / 1000} s`
        : `${seen}, ${healthyMs / 1000} s after its start`,
  };
}

async function unitOf(programs: InstallPorts['programs'], systemctl: string) {
  const argv = [systemctl, 'show', layout.agentUnit, '--property=Id,ActiveState,MainPID,NRestarts'];
  const shown = await programs(argv, { environment: {}, deadlineMs: 10_000 });
  return shown.ok ? readUnitProperties(shown.value.output).get(layout.agentUnit) : undefined;
}

/** Undefined where it is well. */
async function whatIsWrong(
  programs: InstallPorts['programs'],
  pid: number,
  version: string,
): Promise<string | undefined> {
  const asked = await programs([layout.program, 'status', '--json'], { environment: {}, deadlineMs: 10_000 });
  const said = asked.ok ? checkedJson(asked.value.output, Said) : undefined;
  if (!said || !said.running || said.pid !== pid) return 'it said nothing of itself';
  if (said.agentVersion !== version) return `it says that it is ${said.agentVersion}`;
  return said.lookedAt === undefined ? 'it has not looked yet' : undefined;
}
