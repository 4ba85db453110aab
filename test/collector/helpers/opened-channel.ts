import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Channel } from '../../../collector/notify/channel.ts';
import type { Message } from '../../../collector/notify/message.ts';
import { openChannel } from '../../../collector/notify/open-channel.ts';
import type { ChannelSettings } from '../../../collector/notify/settings.ts';
import { readSecret, readText } from '../../../collector/system/secret-files.ts';

const directory = mkdtempSync(join(tmpdir(), 'certherd-channels-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
let files = 0;

/** A file of its own with a secret in it. */
export function file(content: string): string {
  const path = join(directory, `secret-${++files}`);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

/** As the collector opens it; the time is 2026-11-27T12:00Z unless told. */
export function open(settings: ChannelSettings, now = () => Date.parse('2026-11-27T12:00:00.000Z')): Channel {
  return openChannel(settings, { readSecret, readText, now });
}

/** When a try is cut off. */
export const soon = (ms = 30_000) => AbortSignal.timeout(ms);

/** Of twelve places with one cause. */
export const message = (change: Partial<Message> = {}): Message => ({
  version: 1,
  id: 'i1-1-ops',
  incident: 'i1',
  kind: 'opened',
  severity: 'critical',
  code: 'not-served',
  title: 'not-served: shop.example.test on web-1 and 11 more',
  cause: 'nginx was not reloaded since the file changed.',
  since: '2026-11-27T10:00:00.000Z',
  deadline: '2026-12-27T10:00:00.000Z',
  remedy: 'systemctl reload nginx',
  places: Array.from({ length: 12 }, (_, index) => ({
    hostName: `web-${index + 1}`,
    subject: { kind: 'endpoint' as const, id: 'shop.example.test@0.0.0.0:443/ecdsa' },
    names: ['shop.example.test'],
  })),
  placesTotal: 12,
  labels: { owner: 'payments', team: 'checkout' },
  runbook: 'https://wiki.example/not-served',
  page: 'https://certherd.example/',
  answer: 'https://certherd.example/answer/token',
  ...change,
});
export const resolved = message({ id: 'i1-2-ops', kind: 'resolved', durationSeconds: 7_500 });
/** What hosts and certificates may say. */
export const hostile = message({
  title: '<!channel> *bold* [x](http://evil.example) @everyone\u202e\u0007 & <script>',
  cause: '</b>\r\nBcc: victim@example.test\r\n\r\n<https://evil.example|click> ```\u0000',
  remedy: '`id` <@U123> & true',
  labels: { owner: '<!here>' },
  places: [
    { hostName: '<!channel>', subject: { kind: 'file', id: `/x/${'a'.repeat(9_000)}` }, names: ['*.evil.example'] },
    { hostName: 'web-2', subject: { kind: 'host', id: 'web-2' }, names: [] },
  ],
  placesTotal: 2,
});
