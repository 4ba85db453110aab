import { jsonLine } from '@certherd/command-line/printable';
import { randomBytes } from 'node:crypto';
import type { DeliveryReason } from '../notify/channel.ts';
import { sendWithin } from '../notify/dispatch.ts';
import type { Message } from '../notify/message.ts';
import { openChannel } from '../notify/open-channel.ts';
import { readSecret, readText } from '../system/secret-files.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';

const remedies: Record<DeliveryReason, string> = {
  'secret-unreadable': 'is the file there, not empty, and may this user read it?',
  unreachable: 'look at the address, the network, and whether its certificate is trusted',
  'no-answer': 'the receiver took the connection and did not answer: ask whoever runs it',
  redirected: 'name the address itself that it redirects to',
  'too-many': 'the receiver has had too many: wait',
  refused: 'look at its settings, and at what the receiver said',
  failed: 'the receiver is broken: ask whoever runs it',
  gone: 'nobody listens at this address any more: make a new one, and put it into the file',
};

/** `notify test CHANNEL`: from here, with the settings as they are in the file, whether a collector serves or not. */
export async function testChannel(name: string, options: JsonOptions, console: Console): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const { channels, page } = config.notify;
  const settings = channels.get(name);
  if (!settings) {
    const known = channels.size === 0 ? 'there is none' : `known are ${[...channels.keys()].join(', ')}`;
    console.complain(`there is no [[notify.channel]] called ${JSON.stringify(name)}: ${known}`);
    return exitCodes.usage;
  }
  const now = console.clock.now();
  const channel = openChannel(settings, { readSecret, readText, now: () => console.clock.now() });
  const delivery = await sendWithin(channel, testMessage(now, page));
  if (delivery.ok && delivery.refused === undefined) {
    console.print(options.json ? jsonLine({ version: 1, channel: name, ok: true }) : `${name}: it was taken.`);
    return exitCodes.ok;
  }
  const { reason, detail } = delivery.ok
    ? { reason: 'refused' as const, detail: delivery.refused ?? '' }
    : delivery.failure;
  if (options.json) console.print(jsonLine({ version: 1, channel: name, ok: false, reason, detail }));
  else console.complain(`${name}: ${reason} (${detail}): ${remedies[reason]}`);
  return exitCodes.failed;
}

function testMessage(now: number, page: string | undefined): Message {
  const id = `test-${randomBytes(4).toString('hex')}`;
  return {
    version: 1,
    id,
    incident: id,
    kind: 'test',
    severity: 'warning',
    code: 'test',
    title: 'a message to see whether messages arrive',
    cause: 'Somebody ran certherd-collector notify test. Nothing is wrong.',
    since: new Date(now).toISOString(),
    remedy: 'Nothing is to be done.',
    places: [{ hostName: 'nowhere', subject: { kind: 'host', id: 'nowhere' }, names: [] }],
    placesTotal: 1,
    labels: {},
    ...(page !== undefined && { page: `${page}/` }),
  };
}
