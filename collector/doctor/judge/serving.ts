import { type Diagnosis, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import { span } from '@certherd/command-line/span';
import { typed } from '@certherd/command-line/words';
import type { ListenerFacts } from '../gather/listeners.ts';
import type { Serving } from '../gather/serving.ts';
import type { TlsFacts } from '../gather/tls-files.ts';
import { asOwner, restart } from './words.ts';

const why = {
  nobody: 'Nothing is received: agents keep their events, and nobody sees the fleet.',
  port: 'The collector does not start while another program has its port.',
  start: 'The collector does not start: nothing is received, and nobody sees the fleet.',
  answer: 'Agents are not received, or the page is not seen, though the collector runs.',
  key: 'Agents trust this key alone: whoever has it can pass for the collector.',
  lost: 'Without this key no enrolled agent connects: each would have to be enrolled again.',
};

export function judgeServing({ by, start }: Serving, hasData: boolean): Diagnosis[] {
  if (typeof by === 'number') return [ok('serving', `process ${by} serves it`)];
  if (by === 'unknown')
    return [notTold('serving', 'whether somebody serves it is not told to this user', { fix: asOwner })];
  return hasData
    ? [wrong('serving', 'nobody serves it', why.nobody, start)]
    : [ok('serving', 'no collector has run here yet (certherd-collector serve)')];
}

/** Are the two addresses free, or answered by the collector itself? */
export function judgeListener(
  { field, address, port, holder, refused, answer }: ListenerFacts,
  serving: Serving,
  pin?: string,
): Diagnosis {
  const { by } = serving;
  if (port === 0) return ok(field, `${field} = "${address}": each start chooses a port`);
  const who =
    holder?.pid === undefined ? 'a process of another user' : `${holder.name ?? 'process'} (pid ${holder.pid})`;
  if (by === 'nobody') {
    if (refused !== undefined) return judgeRefusal(field, address, refused);
    if (!holder) return ok(field, `${address} is free`);
    return wrong(
      field,
      `${address} is held by ${who}`,
      why.port,
      `Stop that process, or set ${field} in collector.toml to another port.`,
    );
  }
  if (by === 'unknown' || !answer)
    return notTold(field, `${address} was not asked: who serves is not told to this user`);
  if (typeof by === 'number' && holder?.pid !== undefined && holder.pid !== by)
    return wrong(
      field,
      `${address} is held by ${who}, and the collector is process ${by}`,
      why.answer,
      `Its settings changed since it was started: ${restart(serving)}`,
    );
  if (!answer.ok) return wrong(field, `${address} does not answer: ${answer.detail}`, why.answer, restart(serving));
  if (answer.status === 503)
    return wrong(
      field,
      `${address} answers that nothing can be written`,
      'No event is acknowledged.',
      'Mend what is told of the data directory above; it then goes on by itself.',
    );
  if (pin !== undefined && answer.pin !== undefined && answer.pin !== pin)
    return wrong(
      field,
      `${address} shows another TLS key than the one in the data directory`,
      why.lost,
      restart(serving),
    );
  return ok(field, `${address} answers${answer.pin === undefined ? '' : ' with the key that agents have pinned'}`);
}

/** The collector would not start, though nobody has the port. */
function judgeRefusal(field: string, address: string, code: string): Diagnosis {
  switch (code) {
    case 'EADDRNOTAVAIL':
      return wrong(
        field,
        `${address} is no address of this machine`,
        why.start,
        `Set ${field} in collector.toml to an address that "ip address" shows, or to 0.0.0.0 for all of them.`,
      );
    case 'EACCES':
      return notTold(field, `${address} is free, and ports below 1024 are not for this user`, { fix: asOwner });
    default:
      return wrong(
        field,
        `nobody can listen at ${address}: ${code}`,
        why.start,
        `Correct ${field} in collector.toml, or the name that it has.`,
      );
  }
}

const dayMs = 86_400_000;
/** Long enough to be seen before it matters. */
const soonMs = 30 * dayMs;

/** Is the collector's own key there and closed, and for how long is its certificate valid? */
export function judgeTls({ found, keyPath, certificatePath }: TlsFacts, serving: Serving, now: number): Diagnosis[] {
  if (found === 'absent') return [ok('tls', 'no key yet: it is made at the first start')];
  if (found === 'unreadable') return [notTold('tls', `${keyPath} may not be read by this user`, { fix: asOwner })];
  if ('fault' in found)
    return [wrong('tls', found.fault, why.lost, `Put ${keyPath} and ${certificatePath} back from a backup.`)];
  const open =
    (found.keyMode & 0o077) === 0
      ? []
      : [
          wrong(
            'tls-key',
            `${keyPath} is open to others: its mode is ${found.keyMode.toString(8)}`,
            why.key,
            typed(['chmod', '600', keyPath]),
          ),
        ];
  const left = found.notAfter - now;
  const fix = `${typed(['rm', certificatePath])}, then: ${restart(serving)} (the key stays, and with it the pin)`;
  if (left > soonMs)
    return [
      ...open,
      ok(
        'tls',
        `its own certificate is valid for ${span(left)}, until ${new Date(found.notAfter).toISOString().slice(0, 10)}`,
      ),
    ];
  const says = left > 0 ? `its own certificate ends in ${span(left)}` : `its own certificate ended ${span(-left)} ago`;
  return [
    ...open,
    wrong('tls', says, 'Agents check the pin alone and go on; whatever else looks at it calls it ended.', fix),
  ];
}

/** Enough descriptors for each agent's socket, with room for reconnects and the page. */
export function judgeDescriptors(
  limit: { used?: number; most: number } | undefined,
  agents: number,
  unit: string | undefined,
): Diagnosis {
  if (!limit) return notTold('descriptors', 'how many files the collector may open is not told');
  const needed = 2 * agents + 256;
  const says = `${limit.most} files may be open${limit.used === undefined ? '' : `, ${limit.used} are`}; ${agents} agents need ${needed}`;
  if (limit.most >= needed && (limit.used ?? 0) < limit.most * 0.9) return ok('descriptors', says);
  const more = Math.max(needed, limit.most) * 2;
  const fix =
    unit === undefined
      ? `ulimit -n ${more}, before certherd-collector serve`
      : `In "${typed(['systemctl', 'edit', unit])}" put under [Service]: LimitNOFILE=${more}; then: ${typed(['systemctl', 'restart', unit])}`;
  return wrong('descriptors', says, 'Agents beyond the limit are turned away.', fix);
}
