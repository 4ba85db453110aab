import type { ChannelSettings } from './settings.ts';
import { type Kind, type Mistaken, type Place, readTable, type Table } from './toml-table.ts';
import * as values from './values.ts';

/** Fields of each kind of channel besides `name` and `kind`. */
const fieldsOf = {
  slack: ['url_file'],
  teams: ['url_file'],
  webhook: ['url', 'secret_file'],
  pagerduty: ['url', 'key_file'],
  alertmanager: ['url', 'user', 'password_file'],
  email: ['server', 'port', 'tls', 'ca_file', 'user', 'password_file', 'from', 'to'],
} as const satisfies Record<ChannelSettings['kind'], readonly string[]>;

const kinds = Object.keys(fieldsOf);

const kind: Kind<ChannelSettings['kind']> = {
  expected: `one of ${kinds.join(', ')}`,
  read: (value) => (typeof value === 'string' && isKind(value) ? value : undefined),
};

function isKind(value: string): value is ChannelSettings['kind'] {
  return Object.hasOwn(fieldsOf, value);
}

const address: Kind<string> = {
  expected: 'a mail address, as "ops@example.org" or "Certherd <certherd@example.org>"',
  read: (value) =>
    typeof value === 'string' && /^(?:[^\p{Cc}<>"]* )?<?[^\s<>@\p{Cc},;]+@[^\s<>@\p{Cc},;]+>?$/u.test(value)
      ? value
      : undefined,
};

const addresses: Kind<readonly string[]> = {
  expected: 'mail addresses, as ["ops@example.org"]',
  read: (value) =>
    Array.isArray(value) && value.length > 0 && value.every((one) => address.read(one) !== undefined)
      ? value
      : undefined,
};

const port: Kind<number> = {
  expected: 'a port from 1 to 65535',
  read: (value) =>
    typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536 ? value : undefined,
};

const tls: Kind<'starttls' | 'tls' | 'none'> = {
  expected: '"starttls", "tls" or "none"',
  read: (value) => (value === 'starttls' || value === 'tls' || value === 'none' ? value : undefined),
};

const enqueue = 'https://events.pagerduty.com/v2/enqueue';

/** One [[notify.channel]]; undefined after a mistake. */
export function readChannel(
  table: Table,
  place: Place,
  mistaken: Mistaken,
): { name: string; settings: ChannelSettings } | undefined {
  const known = kind.read(table['kind']);
  const fields = [...new Set(known === undefined ? Object.values(fieldsOf).flat() : fieldsOf[known])];
  const read = readTable(table, place, ['name', 'kind', ...fields], mistaken);
  const name = read.need('name', values.name);
  const settings = read.need('kind', kind) && known && settingsOf(known, read);
  return name === undefined || !settings ? undefined : { name, settings };
}

function settingsOf(
  of: ChannelSettings['kind'],
  { take, need }: ReturnType<typeof readTable<'name' | 'kind' | (typeof fieldsOf)[ChannelSettings['kind']][number]>>,
): ChannelSettings | undefined {
  switch (of) {
    case 'slack':
    case 'teams': {
      const urlFile = need('url_file', values.path);
      return urlFile === undefined ? undefined : { kind: of, urlFile };
    }
    case 'webhook': {
      const url = need('url', values.webUrl);
      const secretFile = take('secret_file', values.path, undefined);
      return url === undefined ? undefined : { kind: of, url, secretFile };
    }
    case 'pagerduty': {
      const keyFile = need('key_file', values.path);
      return keyFile === undefined ? undefined : { kind: of, url: take('url', values.webUrl, enqueue), keyFile };
    }
    case 'alertmanager': {
      const url = need('url', values.webUrl);
      const user = take('user', values.text, undefined);
      const passwordFile = take('password_file', values.path, undefined);
      return url === undefined ? undefined : { kind: of, url: url.replace(/\/+$/, ''), user, passwordFile };
    }
    case 'email': {
      const server = need('server', values.text);
      const from = need('from', address);
      const to = need('to', addresses);
      const secured = take('tls', tls, 'starttls' as const);
      const rest = {
        kind: of,
        tls: secured,
        port: take('port', port, secured === 'tls' ? 465 : 587),
        caFile: take('ca_file', values.path, undefined),
        user: take('user', values.text, undefined),
        passwordFile: take('password_file', values.path, undefined),
      };
      return server === undefined || from === undefined || to === undefined ? undefined : { ...rest, server, from, to };
    }
  }
}
