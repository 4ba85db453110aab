import type { Mistaken, Table } from './toml-table.ts';
import { isTable, readTable } from './toml-table.ts';
import { readChannel } from './read-channel.ts';
import { readMaintenance, readRule, type NamedChannels } from './read-rule.ts';
import { type ChannelSettings, type Maintenance, noNotifying, type NotifySettings, type Rule } from './settings.ts';
import * as values from './values.ts';

/**
 * Reads [notify] of collector.toml: what is given to `mistaken` has the path of what is wrong, so that its line can be found. With channels and no rule
 * there is one rule that tells all of them everything.
 */
export function readNotify(found: unknown, mistaken: Mistaken): NotifySettings {
  if (found === undefined) return noNotifying;
  if (!isTable(found)) {
    mistaken(['notify'], 'expected a table, [notify]');
    return noNotifying;
  }
  const table = readTable(found, ['notify'], fields, mistaken);
  const channels = new Map<string, ChannelSettings>();
  each(found, 'channel', mistaken, (one, path) => {
    const channel = readChannel(one, path, mistaken);
    if (channel === undefined) return;
    if (channels.has(channel.name)) mistaken([...path, 'name'], `there are two channels called "${channel.name}"`);
    channels.set(channel.name, channel.settings);
  });
  const named: NamedChannels = (name) => channels.has(name) || /^\{[a-z][a-z0-9_]*\}$/.test(name);
  const rules: Rule[] = [];
  each(found, 'rule', mistaken, (one, path) => {
    const rule = readRule(one, path, named, mistaken);
    if (rules.some(({ name }) => name === rule.name)) mistaken([...path, 'name'], 'there are two rules of this name');
    rules.push(rule);
  });
  if (rules.length > 0 && found['channel'] === undefined)
    mistaken(['notify', 'rule'], 'there is no [[notify.channel]] to tell');
  const maintenance: Maintenance[] = [];
  each(found, 'maintenance', mistaken, (one, path) => {
    const window = readMaintenance(one, path, mistaken);
    if (window) maintenance.push(window);
  });
  const urlFile = table.take('dead_mans_switch_file', values.path, undefined);
  const everyMs = table.take('dead_mans_switch_every', values.interval, 60_000);
  return Object.freeze({
    page: table.take('page', values.webUrl, undefined)?.replace(/\/+$/, ''),
    runbooks: table.take('runbooks', values.webUrl, undefined),
    channels,
    rules: rules.length > 0 || channels.size === 0 ? rules : [everything([...channels.keys()])],
    maintenance,
    deadMansSwitch: urlFile === undefined ? undefined : { urlFile, everyMs },
  });
}

const fields = [
  'page',
  'runbooks',
  'dead_mans_switch_file',
  'dead_mans_switch_every',
  'channel',
  'rule',
  'maintenance',
] as const;

function everything(to: string[]): Rule {
  return readRule(
    { name: 'everything', to },
    [],
    () => true,
    () => {},
  );
}

function each(found: Table, key: string, mistaken: Mistaken, read: (one: Table, path: (string | number)[]) => void) {
  const list = found[key];
  if (list === undefined) return;
  if (!Array.isArray(list) || !list.every(isTable))
    return mistaken(['notify', key], `expected tables, [[notify.${key}]]`);
  for (const [index, one] of list.entries()) read(one, ['notify', key, index]);
}
